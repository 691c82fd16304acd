"""Is it who they say? A probe against the templates of one subject alone."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.applications.counted import counted
from likeness.applications.gallery.compare import Encodings, Templates, Way, distances
from likeness.applications.gallery.searched import searched
from likeness.applications.gallery.store import NOTHING_SAID, Cohort, Image, Store, Subject
from likeness.errors import LikenessError
from likeness.evaluation import Comparison, OperatingPoint, choose_operating_point
from likeness.randomness import generator

_CLAIMED, _STRANGERS = 256, 1000
"""Subjects of a cohort who are claimed to be, and searches by others: more would make the threshold no better."""


class ClaimPoint(NamedTuple):
    """The operating point of claims to subjects of so many `templates`, as many as the cohort's images allow."""

    point: OperatingPoint
    templates: int


class Claim(NamedTuple):
    """The decision on a claim, what it was read off, and the operating point that gave it.

    Where `said`, it is what somebody said of the image, whatever its distance. Of the subject's `templates` as many are
    compared as those of the operating point.
    """

    accepted: bool
    said: bool
    subject: Subject
    templates: int
    probability: float
    distance: float
    unit: str
    chosen: ClaimPoint

    def __str__(self) -> str:
        point = self.chosen.point
        verdict = "accepted" if self.accepted else "refused"
        side = "below" if self.distance < point.threshold else "not below"
        why = ", as somebody said" if self.said else ""
        several = "" if self.templates == 1 else f", and of {self.chosen.templates} templates each"
        compared = self.chosen.templates
        fewer = "" if compared == self.templates else f", of which {compared} {_are(compared)} compared"
        return (
            f"{verdict}{why}: that it is {self.subject}, of whom there {_are(self.templates)} "
            f"{counted(self.templates, 'template')}{fewer}\n"
            f"probability  {self.probability:.1%}, at even odds before\n"
            f"distance     {self.distance:.4g} ({self.unit}), {side} the threshold {point.threshold:.4g}\n"
            f"threshold    at {point.far:.2%} false accept rate (chosen on {point.negatives:,} claims by "
            f"strangers{several})"
        )

    def as_json(self) -> dict[str, Any]:
        """The same for a program."""
        return {
            "accepted": self.accepted,
            "said": self.said,
            "subject": {"id": self.subject.id, "name": self.subject.name},
            "templates": self.templates,
            "compared": self.chosen.templates,
            "probability": self.probability,
            "distance": self.distance,
            "unit": self.unit,
            "threshold": self.chosen.point.threshold,
            "far": self.chosen.point.far,
        }


def claim(
    store: Store, comparison: Comparison, image: Image, encoding: Encodings, named: str, *, far: float
) -> Claim:
    """Decide whether a probe's image, whose `encoding [1, D]` is given, is the subject of an id or a name.

    What somebody said of the image decides: that it is of this subject, or of another, or not of this one.

    Where the cohort has images only for fewer templates than the subject has, the first ones are compared: at the same
    threshold more of them would let more false claims pass.

    Raises:
        LikenessError: there is none, or several, or no threshold can be chosen for this false accept rate.
    """
    subject = store.subject(named)
    contents = store.contents()
    found = searched(contents, comparison, store.name)
    if subject not in found.subjects:
        raise LikenessError(f"{subject} has no template in {store.name}: enrol an image of them.")
    own = found.templates.encodings[found.templates.row == found.subjects.index(subject)]
    chosen = claim_point(contents.cohort, found.way, len(own), far, store.name)
    one = Templates(own[: chosen.templates], np.zeros(chosen.templates, np.int64))
    distance = distances(encoding, one, found.way)[0]
    probability = float(chosen.point.calibration.probability(distance)[0])
    value = float(distance[0])
    word = store.said([image.content]).get(image.content, NOTHING_SAID)
    said = word.of is not None or bool(word.against(subject))
    accepted = not word.against(subject) if said else value < chosen.point.threshold
    return Claim(accepted, said, subject, len(own), probability, value, comparison.unit, chosen)


def refuse_no_share(far: float) -> None:
    """Raise a `LikenessError` where a false accept rate is none."""
    if not 0 < far < 1:
        raise LikenessError(f"--far {far:g} is no share of claims: give one between 0 and 1.")


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def claim_point(cohort: Cohort, way: Way, templates: int, far: float, gallery: str) -> ClaimPoint:
    """The operating point of claims to a subject of so many templates, on the subjects of a cohort.

    Each of them is enrolled with so many images, drawn by a key; its others claim to be it, and so do those of all
    others. Where no two subjects have one more image than that, fewer templates are taken.

    Raises:
        LikenessError: there is no cohort, none of its subjects has two images, or it is too small for this rate.
    """
    refuse_no_share(far)
    _, who = np.unique(np.asarray(cohort.subjects, dtype=np.str_), return_inverse=True)
    images = np.bincount(who) if len(who) else np.zeros(1, np.int64)
    if np.count_nonzero(images >= 2) < 2:
        raise LikenessError(
            f"{gallery} has no threshold for claims, as it knows no two strangers by two images each: give some with "
            "likeness gallery calibrate --cohort."
        )
    templates = min(templates, int(np.sort(images)[-2]) - 1)
    distance, same = _claims(cohort.encodings, who, way, templates)
    point = choose_operating_point(distance, same, far)
    if np.isnan(point.threshold):
        raise LikenessError(
            f"The cohort of {gallery} makes {point.negatives:,} claims, too few for --far {far:g}: ask for a larger "
            "rate, or give more strangers with likeness gallery calibrate --cohort."
        )
    return ClaimPoint(point, templates)


def _claims(
    encodings: Encodings, who: NDArray[np.int64], way: Way, templates: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Distances `[M]` of claims, and whether each was true."""
    draw = generator("claims", templates)
    order = draw.permutation(len(who))
    order = order[np.argsort(who[order], kind="stable")]  # each subject's images in an order that is drawn
    count = np.bincount(who)
    place = np.arange(len(who)) - np.repeat(np.cumsum(count) - count, count)
    claimed = np.flatnonzero(count > templates)
    claimed = np.sort(draw.permutation(claimed)[:_CLAIMED])
    among = np.isin(who[order], claimed)
    enrolled = order[(place < templates) & among]
    own = order[(place >= templates) & among]
    others = draw.permutation(order[~among | (place >= templates)])[:_STRANGERS]
    asked = np.unique(np.concatenate([own, others]))
    rows = np.searchsorted(claimed, who[enrolled])
    found = distances(encodings[asked], Templates(encodings[enrolled], rows), way)
    same = who[asked][:, None] == claimed
    return found.ravel(), same.ravel()
