"""Verification accuracy with a threshold that is never chosen on the pairs it is measured on."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import finite, labels, two_classes


class FoldAccuracy(NamedTuple):
    """Cross-validated accuracy: `mean` and `deviation` over the F folds, and what lies behind them.

    `deviation` is the standard deviation of `per_fold [F]` with ddof = 0, which is what papers on faces
    print after the "+-" (the standard error of LFW's report is about that over sqrt(F)); `threshold [F]` is
    each fold's, in the unit of the distances; `correct [M]` says of each pair whether its fold's threshold
    was right on it.
    """

    mean: float
    deviation: float
    per_fold: NDArray[np.float64]
    threshold: NDArray[np.float64]
    correct: NDArray[np.bool_]


def cut_points(ascending: NDArray[np.float64]) -> NDArray[np.float64]:
    """Thresholds `[U + 1]` around ascending distances `[U]`: `distance < cut[i]` accepts the first i.

    Between neighbours they are mid-points; the first is the smallest distance itself (accepts none), the
    last the next number above the largest (accepts all).
    """
    below, above = ascending[:-1], ascending[1:]
    middle = below + (above - below) / 2
    # Between adjacent floats the mid-point may round down onto the lower one, which it must accept.
    middle = np.where(middle > below, middle, above)
    return np.concatenate([ascending[:1], middle, [np.nextafter(ascending[-1], np.inf)]])


def best_threshold(distance: ArrayLike, same: ArrayLike) -> float:
    """The threshold that is right on most of the pairs `[M]`, "same" being `distance < threshold`.

    Every cut that can change a decision is tried, not a grid. Of several that are equally good, the smallest
    is taken: the fewest false accepts.
    """
    values = finite(distance, "distance", 1)
    kinds = labels(same, "same", len(values)).astype(np.bool_)
    order = np.argsort(values, kind="stable")
    return _best_sorted(values[order], kinds[order])


def fold_accuracy(distance: ArrayLike, same: ArrayLike, fold: ArrayLike) -> FoldAccuracy:
    """Accuracy on each fold with the threshold that is best on all the other folds (LFW's View 2).

    Takes distances `[M]` (smaller means more alike), whether each pair shows one identity `[M]`, and the
    number of its fold `[M]`. The candidate thresholds come from the other folds alone (see
    `best_threshold`). Huang et al. 2007, "Labeled Faces in the Wild", section on View 2. Raises ValueError
    for fewer than two folds.
    """
    values = finite(distance, "distance", 1)
    kinds = two_classes(same, len(values))
    numbers, folds = np.unique(labels(fold, "fold", len(values)), return_inverse=True)
    if len(numbers) < 2:
        raise ValueError("cross-validated accuracy needs at least 2 folds, but all pairs are in one")
    order = np.argsort(values, kind="stable")  # once: leaving a fold out keeps the order of the others
    threshold = np.empty(len(numbers))
    for held_out in range(len(numbers)):
        others = order[folds[order] != held_out]
        threshold[held_out] = _best_sorted(values[others], kinds[others])
    correct = (values < threshold[folds]) == kinds
    per_fold = np.bincount(folds, weights=correct) / np.bincount(folds)
    return FoldAccuracy(float(per_fold.mean()), float(per_fold.std()), per_fold, threshold, correct)


def _best_sorted(ascending: NDArray[np.float64], same: NDArray[np.bool_]) -> float:
    last = np.flatnonzero(np.append(np.diff(ascending) > 0, True))  # the last pair at each distinct distance
    # Right verdicts, up to a constant, if the first i distinct distances are called "same".
    gained = np.concatenate([[0], np.cumsum(np.where(same, 1, -1))[last]])
    return float(cut_points(ascending[last])[np.argmax(gained)])
