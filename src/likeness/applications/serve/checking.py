"""What is probably wrong in a gallery, with the templates that show it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from likeness.applications.gallery.check import Finding, check
from likeness.applications.gallery.store import Image, Subject, Template
from likeness.applications.serve.answers import (
    CheckAnswer,
    FindingAnswer,
    FoundAnswer,
    subject_ref,
    template_answer,
    templates_below,
)
from likeness.applications.serve.galleries import ServedGallery, spoken
from likeness.errors import LikenessError

MOST_FOUND = 100
"""Of each kind."""


class Seen(NamedTuple):
    """A template, and whose it is."""

    subject: Subject
    template: Template


class Suspicion(NamedTuple):
    """A sentence on something, the template that is probably wrong, and the one that it is held against."""

    sentence: str
    first: Seen
    second: Seen


class Checked(NamedTuple):
    """What was found by kind, the worst first, as `Findings` has it; `unknown` says why some can't be told."""

    kinds: Mapping[str, Sequence[Suspicion]]
    unknown: str


def checked(gallery: ServedGallery, *, fpir: float, far: float, top: int) -> Checked:
    """Look for what is probably wrong.

    Raises:
        LikenessError: the gallery's file is damaged, nobody is enrolled, or no threshold can be chosen at this rate.
    """
    with gallery.opened() as store:
        if damage := store.damage():
            raise LikenessError(f"{gallery.id} is damaged ({damage[0]}): take a copy of it.")
        contents = store.contents()
        findings = check(store, gallery.encoder.comparison, fpir=fpir, far=far, top=top)
    seen = {
        template.image.content: Seen(contents.subjects[row], template)
        for template, row in zip(contents.templates, contents.row.tolist(), strict=True)
    }
    kinds = {
        kind: [_with_templates(one, seen) for one in found if all(i.content in seen for i in one.images)]
        for kind, found in findings.kinds().items()
    }
    return Checked(kinds, findings.unknown)


def check_answer(checked: Checked, gallery: str) -> CheckAnswer:
    """What is probably wrong in the gallery of an id."""

    def found(seen: Seen) -> FoundAnswer:
        template = template_answer(seen.template, templates_below(gallery, seen.subject))
        return FoundAnswer(subject=subject_ref(seen.subject), template=template)

    kinds = {
        kind: [
            FindingAnswer(sentence=one.sentence, first=found(one.first), second=found(one.second))
            for one in some
        ]
        for kind, some in checked.kinds.items()
    }
    return CheckAnswer(**kinds, unknown=checked.unknown)


def _with_templates(finding: Finding, seen: Mapping[str, Seen]) -> Suspicion:
    called = {image.file: _called(image) for image in finding.images}
    first, second = (seen[image.content] for image in finding.images)
    return Suspicion(spoken(finding.sentence, called), first, second)


def _called(image: Image) -> str:
    """What a page calls the file of an image: a kept one has no name of its own."""
    file = Path(image.file)
    return "A picture" if file.stem == image.content else file.name
