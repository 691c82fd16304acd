"""What somebody says of an image, that it is somebody or is not: kept beside the labels, by the image's bytes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from likeness.applications.gallery.named_images import content_of
from likeness.applications.gallery.store import Contents, Correction, Store, Subject, Whom
from likeness.errors import LikenessError


def say_is(store: Store, file: Path, subject: Subject) -> str:
    """That an image is of a subject: where it is enrolled as another's it becomes this one's; returns what was done.

    Raises:
        LikenessError: it is the cohort's, or the subject has no template.
    """
    return say_content_is(store, content_of(file), str(file), subject)


def say_content_is(store: Store, content: str, called: str, subject: Subject) -> str:
    """As `say_is`, of the image of this content, which is `called` so in a message."""
    templates = store.templates(subject)
    if not templates:
        raise LikenessError(f"{subject} has no template: enrol the image as theirs.")
    holders = store.holders([content])
    holder = holders.get(content)
    if content in holders and holder is None:
        raise LikenessError(f"{called} is in the cohort of {store.name}, which must be strangers.")
    if holder == subject:
        return f"{called} is an image of {subject} already"
    if holder is not None:
        store.split(holder, [content], Whom(subject.name, subject.id))
    store.correct([Correction("must", content, templates[0].image.content)])
    return f"{called} is of {subject}" + ("" if holder is None else f", and no longer of {holder}")


def say_is_not(store: Store, file: Path, subject: Subject) -> str:
    """That an image is not of a subject, so that it is never identified as it; returns what was done.

    Raises:
        LikenessError: it is enrolled as this subject's.
    """
    return say_content_is_not(store, content_of(file), str(file), subject)


def say_content_is_not(store: Store, content: str, called: str, subject: Subject) -> str:
    """As `say_is_not`, of the image of this content, which is `called` so in a message."""
    if store.holders([content]).get(content) == subject:
        raise LikenessError(
            f"{called} is enrolled as an image of {subject}: take it from there with likeness gallery split or remove."
        )
    store.correct([Correction("cannot", content, one.image.content) for one in store.templates(subject)])
    return f"{called} is not of {subject}"


def subjects_said(contents: Contents, kind: Literal["must", "cannot"]) -> Mapping[str, frozenset[int]]:
    """By an image's content the numbers of the subjects that it was said it `must` be of, or `cannot` be of."""
    holder = {template.image.content: template.subject for template in contents.templates}
    said: dict[str, set[int]] = {}
    for correction in contents.corrections:
        first, second = correction.first, correction.second
        for one, other in ((first, second), (second, first)) if correction.kind == kind else ():
            if other in holder:
                said.setdefault(one, set()).add(holder[other])
    return {content: frozenset(numbers) for content, numbers in said.items()}
