"""A gallery's contents as they are searched, and the threshold of that search."""

import math
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.applications.counted import counted
from likeness.applications.gallery.compare import SubjectIndex, Templates, Way
from likeness.applications.gallery.encoder_identity import normalises
from likeness.applications.gallery.store import Cohort, Contents, Store, Subject
from likeness.errors import LikenessError
from likeness.evaluation import Comparison
from likeness.evaluation.identification import SearchThreshold, fewest_searches, search_threshold


class Searched(NamedTuple):
    """Subjects who have a template, in order, the `templates` with rows among them, how both are compared, and
    the `search` for the nearest subjects.
    """

    subjects: list[Subject]
    templates: Templates
    way: Way
    search: SubjectIndex


def searched(contents: Contents, comparison: Comparison, gallery: str) -> Searched:
    """What is searched of a gallery.

    Raises:
        LikenessError: nobody is enrolled.
    """
    if not len(contents.row):
        raise LikenessError(f"{gallery} holds nobody yet: enrol somebody with likeness enrol.")
    there, row = np.unique(contents.row, return_inverse=True)
    way = Way(comparison, contents.settings.score, normalises(contents.settings.encoder))
    subjects = [contents.subjects[place] for place in there.tolist()]
    templates = Templates(contents.encodings, row)
    return Searched(subjects, templates, way, SubjectIndex(templates, way))


def threshold_of(store: Store, contents: Contents, found: Searched, fpir: float) -> SearchThreshold:
    """The threshold of a search in this gallery, from its cohort.

    The cohort's distances are kept in the store until the gallery changes, as far as it can be written.

    Raises:
        LikenessError: there is no cohort, or it is too small for this rate.
    """
    smallest = cohort_distances(contents, found, store.name)
    if contents.cohort.smallest is None:
        with suppress(LikenessError):  # somebody else writes: the next search finds them again
            store.keep_smallest(contents.revision, smallest)
    return chosen_threshold(contents.cohort.subjects, smallest, fpir, store.name)


def cohort_distances(contents: Contents, found: Searched, gallery: str) -> NDArray[np.float64]:
    """The distances `[C]` of the cohort's images to the nearest subject.

    Raises:
        LikenessError: there is no cohort.
    """
    cohort = contents.cohort
    if not len(cohort.subjects):
        raise LikenessError(
            f"{gallery} has no threshold, as it knows no strangers: give it a folder of such with likeness gallery "
            "calibrate --cohort."
        )
    if cohort.smallest is not None:
        return cohort.smallest
    return found.search.nearest(cohort.encodings, 1).distance[:, 0]


def chosen_threshold(
    subjects: Sequence[str], smallest: NDArray[np.float64], fpir: float, gallery: str
) -> SearchThreshold:
    """The threshold at which strangers get a name in at most a share `fpir` of their searches.

    Raises:
        LikenessError: the cohort is too small for that, or it is no share.
    """
    names, who = np.unique(np.asarray(subjects), return_inverse=True)
    refuse_small_cohort(len(names), fpir, gallery)
    return search_threshold(smallest, who, fpir)


def refuse_small_cohort(strangers: int, fpir: float, source: str) -> None:
    """Raise a `LikenessError` where the strangers of a cohort, a gallery's or a folder's, are too few for a rate."""
    if not 0 < fpir < 1:
        raise LikenessError(f"--fpir {fpir:g} is no share of searches: give one between 0 and 1.")
    if strangers < (fewest := fewest_searches(fpir)):
        raise LikenessError(
            f"{source} has a cohort of {counted(strangers, 'stranger')}, too small for --fpir {fpir:g}, which takes at "
            f"least {fewest}: ask for --fpir {smallest_rate(strangers):g}, or give more strangers with likeness "
            "gallery calibrate --cohort."
        )


def smallest_rate(strangers: int) -> float:
    """The smallest rate that so many strangers are enough for, rounded up to two digits."""
    rate = 1 / (strangers + 1)
    step = 10.0 ** (math.floor(math.log10(rate)) - 1)
    return round(math.ceil(round(rate / step, 6)) * step, 12)


def enough_for(cohort: Cohort) -> str:
    """The number of a cohort's strangers, and for which rate they are enough."""
    strangers = len(set(cohort.subjects))
    return f"{counted(strangers, 'stranger')}, enough for --fpir {smallest_rate(strangers):g} and more"


def said_of(threshold: SearchThreshold) -> str:
    """The threshold with what it was chosen on, in one line."""
    interval = f"95% interval {100 * threshold.low:.3g} to {100 * threshold.high:.3g}%"
    if math.isnan(threshold.low):
        interval = "too few for an interval"
    chosen_on = f"{counted(threshold.cohort, 'image')} of {counted(threshold.subjects, 'stranger')}"
    return (
        f"threshold {threshold.threshold:.4g}: strangers get a name in at most {100 * threshold.fpir:.3g}% of their "
        f"searches; chosen on {chosen_on}, {interval}"
    )
