"""Who is it? Each probe's nearest subjects, and nobody where none is near enough."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from likeness.applications.gallery.compare import Encodings
from likeness.applications.gallery.searched import Searched, said_of, searched, threshold_of
from likeness.applications.gallery.store import NOTHING_SAID, Image, Store, Subject
from likeness.evaluation import Comparison
from likeness.evaluation.identification import SearchThreshold
from likeness.runs.record.folder import finite


class Candidate(NamedTuple):
    """A subject and its distance to a probe."""

    subject: Subject
    distance: float


class Identified(NamedTuple):
    """A probe, the nearest subjects, nearest first, and the first of them where it is below the threshold.

    Where `said`, it is the subject that somebody said it is, whatever was found.
    """

    image: Image
    candidates: list[Candidate]
    subject: Subject | None
    said: bool


class Identification(NamedTuple):
    """What was found of several probes, at which threshold, and the unit of the distances."""

    probes: list[Identified]
    threshold: SearchThreshold
    unit: str

    def __str__(self) -> str:
        lines: list[str] = []
        for probe in self.probes:
            why = ", as somebody said" if probe.said else ""
            lines.append(f"{probe.image.file}: {probe.subject or 'unknown'}{why}")
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
                "said": probe.said,
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
    said = store.said([image.content for image in images])
    most = max((len(one.not_of) for one in said.values()), default=0)
    near = found.search.nearest(encodings, top + most)
    probes = []
    for image, distance, row in zip(images, near.distance.tolist(), near.row.tolist(), strict=True):
        of, not_of = said.get(image.content, NOTHING_SAID)
        candidates = _candidates(found, distance, row, not_of)[:top]
        known = bool(candidates) and candidates[0].distance < threshold.threshold
        subject = candidates[0].subject if known else None
        if of is not None:  # somebody knows better
            subject = of
        probes.append(Identified(image, candidates, subject, of is not None))
    return Identification(probes, threshold, comparison.unit)


def _candidates(
    found: Searched, distance: Sequence[float], row: Sequence[int], not_of: frozenset[Subject]
) -> list[Candidate]:
    near = [Candidate(found.subjects[one], away) for one, away in zip(row, distance, strict=True)]
    numbers = {one.number for one in not_of}
    return [one for one in near if one.subject.number not in numbers]


def _shown(subject: Subject) -> dict[str, str]:
    return {"id": subject.id, "name": subject.name}
