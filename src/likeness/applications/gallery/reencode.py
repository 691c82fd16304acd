"""Move a gallery to another encoder: encode its images anew, tell whose verdict changes, and only then switch."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.applications.gallery.bound_encoder import BoundEncoder
from likeness.applications.gallery.cohort import cohort_for, no_cohort
from likeness.applications.gallery.leave_one_out import leave_one_out
from likeness.applications.gallery.named_images import content_of
from likeness.applications.gallery.read_images import FaceFinder, LeftOut, Sized, left_out, shown_in
from likeness.applications.gallery.searched import (
    chosen_threshold,
    cohort_distances,
    said_of,
    searched,
)
from likeness.applications.gallery.store import (
    Contents,
    Image,
    Reencoded,
    Settings,
    Template,
    refuse_enrolled,
)
from likeness.applications.photographs import photographs_in
from likeness.errors import FileError, LikenessError
from likeness.evaluation import Comparison
from likeness.evaluation.identification import SearchThreshold
from likeness.runs.record.folder import finite

UNKNOWN = "unknown"
WAYS = (
    "named rightly now, and not before",
    "named rightly before, and not now",
    "not named rightly before or now",
)
"""How a verdict changes."""


class Verdicts(NamedTuple):
    """What a search for each template says where it is not enrolled itself, and how often strangers get a name."""

    of_templates: list[str]
    strangers: int
    threshold: SearchThreshold


class Change(NamedTuple):
    """A template whose verdict is another with the new encoder."""

    subject: str
    image: Image
    before: str
    after: str


class Move(NamedTuple):
    """A gallery encoded anew at a revision, and what that changes; nothing is stored yet."""

    revision: int
    reencoded: Reencoded
    before: Verdicts
    after: Verdicts
    changes: list[Change]

    def told(self, most: int) -> str:
        """What changes, in lines: how many verdicts do and in which way, and the first `most` of them."""
        searches = self.before.threshold.cohort
        ways = Counter(map(_way, self.changes))
        more = len(self.changes) - most
        lines = [
            f"{len(self.changes):,} of {len(self.before.of_templates):,} templates get another verdict"
            + (":" if self.changes else ""),
            *(f"  {ways[way]:,} {way}" for way in WAYS if ways[way]),
            *(
                f"  {one.image.file}: {one.subject}, before {one.before}, now {one.after}"
                for one in self.changes[:most]
            ),
            *([f"  and {more:,} more, which --json tells too"] if more > 0 else []),
            f"strangers with a name: before {self.before.strangers:,} of {searches:,}, now {self.after.strangers:,} "
            f"of {self.after.threshold.cohort:,}",
            f"before: {said_of(self.before.threshold)}",
            f"now: {said_of(self.after.threshold)}",
        ]
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """The same for a program, with every change."""
        found: dict[str, Any] = finite(
            {
                "templates": len(self.before.of_templates),
                "changes": [
                    {"file": one.image.file, "subject": one.subject, "before": one.before, "after": one.after}
                    for one in self.changes
                ],
                "before": _as_json(self.before),
                "after": _as_json(self.after),
            }
        )
        return found


def _way(change: Change) -> str:
    """In which way a verdict changes."""
    if change.after == change.subject:
        return WAYS[0]
    return WAYS[1] if change.before == change.subject else WAYS[2]


def _as_json(verdicts: Verdicts) -> dict[str, Any]:
    return {"strangers": verdicts.strangers, "threshold": verdicts.threshold._asdict()}


def moved_to(
    contents: Contents,
    gallery: str,
    comparison: Comparison,
    encoder: BoundEncoder,
    places: Sequence[Path],
    finders: Mapping[str, FaceFinder],
    told: LeftOut,
    *,
    cohort_from: Path | None,
    fpir: float,
) -> Move:
    """What a gallery becomes with another encoder.

    Args:
        contents: what it holds.
        gallery: what to call it in a message.
        comparison: by which it compares now.
        encoder: the new one.
        places: where images that were moved or renamed are looked for, by their bytes.
        finders: by their names the detectors that found the faces.
        told: what is told of the cohort's images.
        cohort_from: a folder of another cohort; by default the gallery's own is encoded anew.
        fpir: the rate of searches at which verdicts are compared.

    Raises:
        LikenessError: nobody is enrolled, an image is gone, somebody of the new cohort is enrolled, or no threshold
            can be chosen.
    """
    own = contents.settings.cohort_from
    come_from = own if cohort_from is None else str(cohort_from.resolve())
    settings = Settings(encoder.identity, str(encoder.where.resolve()), contents.settings.score, come_from)
    detector = next((one.detector for one in contents.cohort.images if one.detector), "")
    cohort = no_cohort(int(encoder.identity["dimensions"]))
    if come_from or contents.cohort.subjects:
        cohort = cohort_for(encoder, come_from, finders.get(detector), told)
    holders = {
        one.image.content: contents.subjects[row]
        for one, row in zip(contents.templates, contents.row.tolist(), strict=True)
    }
    refuse_enrolled(cohort, contents.subjects, holders)
    encodings = _encoded(gallery, contents.templates, encoder, places, finders)
    before = _verdicts(contents, comparison, fpir, gallery)
    after = _verdicts(
        contents._replace(settings=settings, encodings=encodings, cohort=cohort),
        encoder.comparison,
        fpir,
        gallery,
    )
    changes = [
        Change(str(contents.subjects[row]), template.image, one, other)
        for row, template, one, other in zip(
            contents.row.tolist(), contents.templates, before.of_templates, after.of_templates, strict=True
        )
        if one != other
    ]
    return Move(contents.revision, Reencoded(settings, encodings, cohort), before, after, changes)


def detectors_in(contents: Contents) -> list[str]:
    """The names of the detectors that found faces in a gallery's and its cohort's images."""
    images = [*(one.image for one in contents.templates), *contents.cohort.images]
    return sorted({image.detector for image in images} - {""})


def _encoded(
    gallery: str,
    templates: Sequence[Template],
    encoder: BoundEncoder,
    places: Sequence[Path],
    finders: Mapping[str, FaceFinder],
) -> NDArray[np.float32]:
    by_content: dict[str, Path] = {}
    for photograph in photographs_in(places):
        by_content.setdefault(content_of(photograph.file), photograph.file)
    sized = Sized(encoder.spatial_size, encoder.channels)
    told, shown, gone = left_out(), [], []
    for template in templates:
        image = template.image
        file = by_content.get(image.content) or _unchanged(image)
        if file is None:
            gone.append(image.file)
            continue
        pixels = shown_in(image._replace(file=str(file)), sized, finders.get(image.detector), told)
        if pixels is None:
            raise LikenessError(told.unreadable[-1])
        shown.append(pixels)
    if gone:
        raise LikenessError(
            f"{len(gone):,} of the {len(templates):,} enrolled images of {gallery} are gone or were changed, such as "
            f"{gone[0]}: name folders that hold them with --images; their files may be called otherwise."
        )
    if not shown:
        raise LikenessError(f"{gallery} holds nobody yet: make a new gallery for the other encoder.")
    return encoder.encode(shown)


def _unchanged(image: Image) -> Path | None:
    """An image's file where it still holds what was enrolled."""
    try:
        return Path(image.file) if content_of(Path(image.file)) == image.content else None
    except FileError:
        return None


def _verdicts(contents: Contents, comparison: Comparison, fpir: float, gallery: str) -> Verdicts:
    found = searched(contents, comparison, gallery)
    smallest = cohort_distances(contents, found, gallery).smallest
    threshold = chosen_threshold(contents.cohort.subjects, smallest, fpir, gallery)
    apart = leave_one_out(found)
    verdicts = [
        UNKNOWN
        if min(own, other) >= threshold.threshold
        else str(found.subjects[row if own <= other else nearest])
        for own, other, row, nearest in zip(
            apart.own.tolist(),
            apart.other.tolist(),
            found.templates.row.tolist(),
            apart.nearest.tolist(),
            strict=True,
        )
    ]
    return Verdicts(verdicts, int(np.count_nonzero(smallest < threshold.threshold)), threshold)
