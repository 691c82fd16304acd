"""Ridge regression onto classes in closed form, from sums over samples that stream past.

Hoerl and Kennard 1970, "Ridge Regression", Technometrics 12(1). With features standardised on the n samples that are
learned from, X, and a column of Y for each class, 1 for its samples and 0 for others,

    W = (X'X + n p I)^-1 X'Y ,

so that a penalty p means the same whatever the number of samples. The intercept is not penalised. X'X is a Gram matrix
`[D, D]` that blocks of samples are added to; one decomposition of it serves all penalties.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import finite, labels


class Ridge(NamedTuple):
    """A fitted ridge: features by `mean [D]` and `scale [D]`, times `weight [D, K]`, plus `intercept [K]`."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weight: NDArray[np.float64]
    intercept: NDArray[np.float64]

    def scores(self, features: ArrayLike) -> NDArray[np.float64]:
        """Of samples `[N, D]` the score of each class, `[N, K]`."""
        return self.standardised(features) @ self.weight + self.intercept

    def standardised(self, features: ArrayLike) -> NDArray[np.float64]:
        """Samples `[N, D]` by the mean and the scale of those that were learned from."""
        return (finite(features, "features", 2) - self.mean) / self.scale


class Moments:
    """The sums that a ridge needs, in float64: memory is that of a Gram matrix, whatever the number of samples.

    Values are taken from the mean of the first block, so that nothing cancels where a feature's mean is large beside
    its deviation.

    Args:
        features: their number, D.
        classes: their number, K.
    """

    def __init__(self, features: int, classes: int) -> None:
        self.count = 0
        self.shift = np.zeros(features)
        self.total = np.zeros(features)
        self.gram = np.zeros((features, features))
        self.of_class = np.zeros((classes, features))
        self.in_class = np.zeros(classes)

    def add(self, features: ArrayLike, label: ArrayLike) -> None:
        """Take in samples `[B, D]` of the classes `label [B]`, which are below K.

        Raises:
            ValueError: a feature is not a number, or a label fits no class.
        """
        values = finite(features, "features", 2)
        known = labels(label, "label", len(values))
        if known.min() < 0 or known.max() >= len(self.in_class):
            raise ValueError(f"labels must be from 0 to {len(self.in_class) - 1}, but one is {known.max()}")
        if not self.count:
            self.shift = values.mean(0)
        values = values - self.shift
        one_hot = np.zeros((len(values), len(self.in_class)))
        one_hot[np.arange(len(values)), known] = 1
        self.count += len(values)
        self.total += values.sum(0)
        self.gram += values.T @ values
        self.of_class += one_hot.T @ values
        self.in_class += one_hot.sum(0)


def fit_ridges(moments: Moments, penalties: Sequence[float]) -> list[Ridge]:
    """The ridge of each penalty; a feature that never varies gets no weight.

    Raises:
        ValueError: a penalty is not above 0, or there are no samples.
    """
    if not moments.count or min(penalties) <= 0:
        raise ValueError(f"a ridge needs samples and penalties above 0, not {moments.count} and {penalties}")
    mean = moments.total / moments.count
    covered = moments.gram - moments.count * np.outer(mean, mean)
    variance = np.diag(covered) / moments.count
    # what rounding leaves of the sums is no variance
    varies = variance > 1e-12 * np.maximum(np.diag(moments.gram) / moments.count, np.square(moments.shift))
    scale = np.sqrt(np.where(varies, variance, 1.0))
    share = moments.in_class / moments.count
    crossed = (moments.of_class.T - np.outer(moments.total, share)) / scale[:, None]
    crossed[~varies] = 0
    covered = covered / np.outer(scale, scale)
    covered[~varies], covered[:, ~varies] = 0, 0
    energy, axes = np.linalg.eigh(covered)
    rotated = axes.T @ crossed
    return [
        Ridge(
            moments.shift + mean,
            scale,
            axes @ (rotated / (np.maximum(energy, 0) + penalty * moments.count)[:, None]),
            share,
        )
        for penalty in penalties
    ]
