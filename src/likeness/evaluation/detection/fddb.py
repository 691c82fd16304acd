"""The discrete and the continuous score of FDDB.

Jain and Learned-Miller 2010, "FDDB: A Benchmark for Face Detection in Unconstrained Settings". At each threshold the
detections of an image are assigned to its faces one to one, so that the sum of their overlaps is greatest. A pair
adds 1 to the discrete score if it overlaps by more than a half, and its overlap to the continuous score. A threshold
that lets more detections in may assign those before it anew.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment

from likeness.evaluation.arrays import array
from likeness.evaluation.bootstrap import resampled_intervals
from likeness.evaluation.detection.images import checked_images, checked_scores
from likeness.evaluation.detection.matching import NEITHER, match
from likeness.evaluation.detection.overlap import overlaps
from likeness.evaluation.detection.precision_recall import ignore_low
from likeness.evaluation.metric import Metric

FALSE_POSITIVES = (100, 500, 1000)
"""Where curves are commonly read off: whole numbers over the 2,845 photographs of FDDB."""


class FddbRoc(NamedTuple):
    """The curves `[U]` of what scores at least `threshold [U]`, falling, against the number of false positives.

    `discrete [U]` and `continuous [U]` are true positive rates: scores divided by the number of `faces`, NaN where
    there are none. `false_positives [U]` counts the detections that add nothing to the discrete score, for both.
    """

    false_positives: NDArray[np.float64]
    discrete: NDArray[np.float64]
    continuous: NDArray[np.float64]
    threshold: NDArray[np.float64]
    faces: int


class _Steps(NamedTuple):
    """What changes in an image at a score: `change [3, S]` of false positives, discrete and continuous score."""

    change: NDArray[np.float64]
    score: NDArray[np.float64]
    image: NDArray[np.int64]
    faces: NDArray[np.float64]


def box_overlaps(
    boxes: Sequence[ArrayLike], scores: Sequence[ArrayLike], faces: Sequence[ArrayLike]
) -> list[NDArray[np.float64]]:
    """The overlaps `[D, F]` of each image's boxes `[D, 4]` and `faces [F, 4]`, in the order that they are given in.

    FDDB's own faces are ellipses: where those are at hand, hand their overlaps to the functions below.
    """
    return [
        overlaps(found, one.faces)
        for found, one in zip(boxes, checked_images(boxes, scores, faces), strict=True)
    ]


def overlaps_that_count(
    boxes: Sequence[ArrayLike],
    scores: Sequence[ArrayLike],
    faces: Sequence[ArrayLike],
    ignored: Sequence[ArrayLike],
    *,
    least_height: float = 0.0,
    iou: float = 0.5,
) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """The overlaps `[D, F]` and scores `[D]` of each image without its ignored faces, and those lower than the least.

    What `match` finds on such a face by `iou` is left out too, so that it is neither right nor wrong. FDDB itself has
    no such faces.
    """
    shared, values = [], []
    for one in ignore_low(checked_images(boxes, scores, faces, ignored), least_height):
        counts = match(one, iou).verdict != NEITHER
        shared.append(overlaps(one.boxes[counts], one.faces[~one.ignored]))
        values.append(one.scores[counts])
    return shared, values


def fddb_roc(shared: Sequence[ArrayLike], scores: Sequence[ArrayLike]) -> FddbRoc:
    """The curves of images whose detections (`scores [D]`) overlap their faces by `shared [D, F]`, in [0, 1]."""
    steps = _steps(shared, scores)
    false, discrete, continuous = _curves(steps, np.ones((len(shared), 1)))[..., 0]
    last = _last_of_equal(steps.score)
    return FddbRoc(false, discrete, continuous, steps.score[last], int(steps.faces.sum()))


def evaluate_fddb(
    shared: Sequence[ArrayLike],
    scores: Sequence[ArrayLike],
    false_positives: Sequence[int] = FALSE_POSITIVES,
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Metric]:
    """`detection/fddb_discrete@fp=N` and `detection/fddb_continuous@fp=N` for each number of `false_positives`.

    The rate at the lowest threshold that lets in at most so many; it counts the faces. Intervals are over images, with
    as many images in each resample as there are, so that N stays what it is. NaN without an interval where there is
    no face. Arguments as in `fddb_roc`.
    """
    if not all(number >= 0 for number in false_positives):
        raise ValueError(f"false_positives={tuple(false_positives)} must be 0 or more")
    steps = _steps(shared, scores)
    faces = int(steps.faces.sum())
    names = [f"detection/fddb_{kind}@fp={n}" for n in false_positives for kind in ("discrete", "continuous")]
    if faces == 0:
        return {name: Metric(float("nan"), 0) for name in names}

    def measure(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        false, *rates = _curves(steps, counts)
        start = np.zeros((1, counts.shape[1]))
        curves = [np.concatenate([start, rate]) for rate in rates]
        rows = []
        for number in false_positives:
            # The number may fall where an assignment changes: what counts is how far one may lower the threshold.
            allowed = np.concatenate([start == 0, false <= number])
            lowest = len(allowed) - 1 - allowed[::-1].argmax(axis=0)
            rows += [curve[lowest, np.arange(counts.shape[1])] for curve in curves]
        present = steps.faces @ counts > 0
        return np.where(present, np.stack(rows), np.nan)

    values = measure(np.ones((len(shared), 1)))[:, 0]
    intervals = resampled_intervals(measure, len(shared), 3 * len(steps.score), resamples, seed)
    return {
        name: Metric(float(value), faces, *interval)
        for name, value, interval in zip(names, values, intervals, strict=True)
    }


def _steps(shared: Sequence[ArrayLike], scores: Sequence[ArrayLike]) -> _Steps:
    """The changes of all images, highest score first."""
    if not len(shared) or len(shared) != len(scores):
        raise ValueError(
            f"`shared` of {len(shared)} images and `scores` of {len(scores)} must be of the same images, one at least"
        )
    changes, at, image = [np.zeros((3, 0))], [np.zeros(0)], [np.zeros(0, dtype=np.int64)]
    faces = np.zeros(len(shared))
    for number, (given, raw) in enumerate(zip(shared, scores, strict=True)):
        table = array(given).astype(np.float64)
        if table.ndim != 2 or not ((table >= 0) & (table <= 1)).all():
            raise ValueError(f"shared of image {number} must be [D, F] within 0 and 1, shape {table.shape}")
        values = checked_scores(raw, len(table), f"of image {number}")
        faces[number] = table.shape[1]
        totals = [np.zeros(3)]
        levels = np.unique(values)[::-1]
        for level in levels:
            entered = table[values >= level]
            pairs = entered[linear_sum_assignment(entered, maximize=True)]
            hits = np.count_nonzero(pairs > 0.5)
            totals.append(np.array([len(entered) - hits, hits, pairs.sum()]))
        changes.append(np.diff(np.stack(totals), axis=0).T)
        at.append(levels)
        image.append(np.full(len(levels), number))
    score = np.concatenate(at)
    order = np.argsort(-score, kind="stable")
    return _Steps(
        np.concatenate(changes, axis=1)[:, order], score[order], np.concatenate(image)[order], faces
    )


def _curves(steps: _Steps, counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """False positives and both rates, `[3, U, R]`, of R resamples with each image drawn `counts [I, R]` times."""
    sums = np.cumsum(steps.change[..., None] * counts[steps.image], axis=1)[:, _last_of_equal(steps.score)]
    with np.errstate(invalid="ignore", divide="ignore"):  # without a face a rate is NaN
        sums[1:] /= steps.faces @ counts
    return sums


def _last_of_equal(score: NDArray[np.float64]) -> NDArray[np.int64]:
    """Where each of the distinct values of a falling `score` stands last."""
    return np.flatnonzero(np.diff(score, append=-np.inf) < 0)
