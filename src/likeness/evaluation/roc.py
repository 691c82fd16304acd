"""The receiver operating characteristic of distances, and the numbers read off it.

Every function takes weights of pairs too, several sets at once, which is what makes a bootstrap over identities
cheap: the distances are sorted once, and each resample is a column.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import finite, two_classes
from likeness.evaluation.verification import cut_points


class Roc(NamedTuple):
    """False and true accept rates `[U + 1]` (with R sets of weights `[U + 1, R]`), from (0, 0) up to (1, 1).

    Row i accepts the pairs at the i smallest of the U distinct distances, which is `distance < threshold[i]`;
    pairs at equal distances enter together. `negatives` and `positives` count the different and same pairs.
    """

    far: NDArray[np.float64]
    tar: NDArray[np.float64]
    threshold: NDArray[np.float64]
    negatives: int
    positives: int


def roc(distance: ArrayLike, same: ArrayLike, weights: NDArray[np.float64] | None = None) -> Roc:
    """The curve of distances `[M]` (smaller means more alike) over `same [M]`, weighted by `weights [M, R]`.

    A column in which all pairs of one kind weigh nothing gives NaN. Raises ValueError if either kind is
    missing.
    """
    values = finite(distance, "distance", 1)
    kinds = two_classes(same, len(values))
    order = np.argsort(values, kind="stable")
    values, kinds = values[order], kinds[order]
    last = np.flatnonzero(np.append(np.diff(values) > 0, True))
    if weights is None:
        far, tar = (_accepted(kind.astype(np.float64), last) for kind in (~kinds, kinds))
    else:
        if weights.ndim != 2 or len(weights) != len(values):
            raise ValueError(f"weights must be [{len(values)}, R], but their shape is {weights.shape}")
        ordered = weights[order]
        positive = _accepted(np.where(kinds[:, None], ordered, 0.0), last)
        negative = _accepted(np.where(kinds[:, None], 0.0, ordered), last)
        far, tar = negative, positive
    positives = int(np.count_nonzero(kinds))
    return Roc(far, tar, cut_points(values[last]), len(kinds) - positives, positives)


def area(curve: Roc) -> NDArray[np.float64]:
    """The area under the curve, `[]` or `[R]`; a tie of a same and a different pair counts one half.

    Equals the probability that a same pair lies closer than a different one (Mann-Whitney's U).
    """
    return np.asarray(np.sum(np.diff(curve.far, axis=0) * (curve.tar[1:] + curve.tar[:-1]), axis=0) / 2)


def equal_error_rate(curve: Roc) -> NDArray[np.float64]:
    """The rate, `[]` or `[R]`, at which false accepts equal false rejects, linear between the points."""
    excess = curve.far + curve.tar - 1  # false accepts less false rejects: from -1 up to 1
    after = np.argmax(excess >= 0, axis=0)[None]
    before = np.maximum(after - 1, 0)  # row 0 is after only where a column is NaN
    low, high = (np.take_along_axis(excess, row, axis=0) for row in (before, after))
    start, end = (np.take_along_axis(curve.far, row, axis=0) for row in (before, after))
    with np.errstate(invalid="ignore"):
        return np.asarray((start + (end - start) * (-low / (high - low)))[0])


def tar_at_far(curve: Roc, far: float) -> NDArray[np.float64]:
    """The true accept rate, `[]` or `[R]`, at the loosest threshold whose false accept rate is at most `far`.

    Nothing is interpolated. NaN where the negatives cannot resolve the rate, that is where `far * negatives
    < 1`.
    """
    if not _resolves(curve, far):
        return np.full(curve.tar.shape[1:], np.nan)
    rate = np.take_along_axis(curve.tar, np.asarray(_row_at_far(curve, far))[None], axis=0)[0]
    return np.where(np.isnan(curve.far[-1]), np.nan, rate)


def threshold_at_far(curve: Roc, far: float) -> float:
    """The loosest threshold of an unweighted curve whose false accept rate is at most `far`; NaN as in `tar_at_far`."""
    return float(curve.threshold[_row_at_far(curve, far)]) if _resolves(curve, far) else np.nan


def _resolves(curve: Roc, far: float) -> bool:
    if not 0 < far <= 1:
        raise ValueError(f"a false accept rate lies above 0 and is at most 1, but {far} was asked for")
    return far >= 1 / curve.negatives  # 1 / 1000 rounds to what 1e-3 does, where 1e-3 * 1000 need not be 1


def _row_at_far(curve: Roc, far: float) -> NDArray[np.int64]:
    return np.asarray(np.count_nonzero(curve.far <= far, axis=0) - 1)


def _accepted(weight: NDArray[np.float64], last: NDArray[np.intp]) -> NDArray[np.float64]:
    """The share of the weight (axis 0, ascending distance) accepted after 0, 1, ... distinct distances."""
    total = np.cumsum(weight, axis=0)[last]
    with np.errstate(invalid="ignore"):
        return np.concatenate([np.zeros_like(total[:1]), total], axis=0) / total[-1]
