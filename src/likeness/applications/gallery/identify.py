"""Who is it? Each probe's nearest subjects, and nobody where none is near enough."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from likeness.applications.gallery.compare import Encodings
from likeness.applications.gallery.corrections import subjects_said
from likeness.applications.gallery.searched import Searched, said_of, searched, threshold_of
from likeness.applications.gallery.store import Image, Store, Subject
from likeness.evaluation import Comparison
from likeness.evaluation.identification import SearchThreshold
from likeness.runs.record.folder import finite


class Candidate(NamedTuple):
    """A subject and its distance to a probe."""

    subject: Subject
    distance: float


class Identified(NamedTuple):
    """A probe, the nearest subjects, nearest first, and the first of them where it is below the threshold."""

    image: Image
    candidates: list[Candidate]
    subject: Subject | None


class Identification(NamedTuple):
    """What was found of several probes, at which threshold, and the unit of the distances."""

    probes: list[Identified]
    threshold: SearchThreshold
    unit: str

    def __str__(self) -> str:
        lines: list[str] = []
        for probe in self.probes:
            lines.append(f"{probe.image.file}: {probe.subject or 'unknown'}")
            for rank, (subject, distance) in enumerate(probe.candidates, 1):
                below = "  below the threshold" if distance < self.threshold.threshold else ""
                lines.append(f"  {rank}. {subject}  {distance:.4g}{below}")
        return "\n".join([*lines, said_of(self.threshold)])

    def as_json(self) -> dict[str, Any]:
        """The same for a program."""
        probes = [
            {
                "file": probe.image.file,
                "known": probe.subject is not None,
                "subject": None if probe.subject is None else _shown(probe.subject),
                "candidates": [{**_shown(subject), "distance": away} for subject, away in probe.candidates],
            }
            for probe in self.probes
        ]
        found: dict[str, Any] = finite(
            {"unit": self.unit, "threshold": self.threshold._asdict(), "probes": probes}
        )
        return found


def identify(
    store: Store,
    comparison: Comparison,
    images: Sequence[Image],
    encodings: Encodings,
    *,
    fpir: float,
    top: int,
) -> Identification:
    """Find the `top` nearest subjects of each of P probes, whose `encodings [P, D]` are given.

    What somebody said of a probe's image counts: of whom it is, and of whom it is not, who is none of its candidates.

    Raises:
        LikenessError: nobody is enrolled, or no threshold can be chosen for this rate.
    """
    contents = store.contents()
    found = searched(contents, comparison, store.name)
    threshold = threshold_of(store, contents, found, fpir)
    refused, told = subjects_said(contents, "cannot"), subjects_said(contents, "must")
    most = max((len(refused.get(image.content, ())) for image in images), default=0)
    near = found.search.nearest(encodings, top + most)
    probes = []
    for image, distance, row in zip(images, near.distance.tolist(), near.row.tolist(), strict=True):
        candidates = _candidates(found, distance, row, refused.get(image.content, frozenset()))[:top]
        known = bool(candidates) and candidates[0].distance < threshold.threshold
        subject = candidates[0].subject if known else None
        for number in told.get(image.content, ()):  # somebody knows better
            subject = next(one for one in contents.subjects if one.number == number)
        probes.append(Identified(image, candidates, subject))
    return Identification(probes, threshold, comparison.unit)


def _candidates(
    found: Searched, distance: Sequence[float], row: Sequence[int], refused: frozenset[int]
) -> list[Candidate]:
    near = [Candidate(found.subjects[one], away) for one, away in zip(row, distance, strict=True)]
    return [one for one in near if one.subject.number not in refused]


def _shown(subject: Subject) -> dict[str, str]:
    return {"id": subject.id, "name": subject.name}
