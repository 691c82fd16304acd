"""A gallery's contents as they are searched, and the threshold of that search."""

import math
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.applications.counted import counted
from likeness.applications.gallery.compare import SubjectIndex, Templates, Way
from likeness.applications.gallery.encoder_identity import normalises
from likeness.applications.gallery.store import Cohort, Contents, NearestSubjects, Store, Subject
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

    The cohort's distances are kept in the store, as far as it can be written.

    Raises:
        LikenessError: there is no cohort, or it is too small for this rate.
    """
    distances = cohort_distances(contents, found, store.name)
    kept = contents.cohort.measured
    if kept is None or kept.changed:
        with suppress(LikenessError):  # somebody else writes: the next search finds them again
            store.keep_distances(contents.revision, distances)
    return chosen_threshold(contents.cohort.subjects, distances.smallest, fpir, store.name)


def cohort_distances(contents: Contents, found: Searched, gallery: str) -> NearestSubjects:
    """The distances of the cohort's images to the nearest subject.

    Where they were kept, subjects who have not changed since are not compared again, but with images whose nearest
    subject has.

    Raises:
        LikenessError: there is no cohort.
    """
    cohort = contents.cohort
    if not len(cohort.subjects):
        raise LikenessError(
            f"{gallery} has no threshold, as it knows no strangers: give it a folder of such with likeness gallery "
            "calibrate --cohort."
        )
    if cohort.measured is None:
        return _nearest(found, cohort.encodings)
    (smallest, number), changed = cohort.measured
    again = np.isin(number, list(changed))
    smallest, number = smallest.copy(), number.copy()
    if again.any():
        smallest[again], number[again] = _nearest(found, cohort.encodings[again])
    among = _only(found, changed)
    if among.subjects and not again.all():
        near = _nearest(among, cohort.encodings[~again])
        nearer = near.smallest < smallest[~again]
        smallest[~again] = np.where(nearer, near.smallest, smallest[~again])
        number[~again] = np.where(nearer, near.number, number[~again])
    return NearestSubjects(smallest, number)


def _nearest(found: Searched, encodings: NDArray[np.float32]) -> NearestSubjects:
    near = found.search.nearest(encodings, 1)
    numbers = np.array([subject.number for subject in found.subjects], dtype=np.int64)
    return NearestSubjects(near.distance[:, 0], numbers[near.row[:, 0]])


def _only(found: Searched, numbers: Collection[int]) -> Searched:
    """What is searched, of the subjects of these numbers alone."""
    chosen = np.array([subject.number in numbers for subject in found.subjects])
    encodings, row = found.templates
    some = chosen[row]
    templates = Templates(encodings[some], (np.cumsum(chosen) - 1)[row[some]])
    subjects = [subject for subject, wanted in zip(found.subjects, chosen, strict=True) if wanted]
    return Searched(subjects, templates, found.way, SubjectIndex(templates, found.way))


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
