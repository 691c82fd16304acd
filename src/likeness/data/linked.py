"""Who is who, as far as pairs tell."""

import numpy as np
from numpy.typing import NDArray


def linked(first: NDArray[np.int64], second: NDArray[np.int64], samples: int) -> NDArray[np.int64]:
    """Labels `[samples]`, one for each connected component of the pairs: the lowest spreads."""
    label, spread = np.full(samples, -1), np.arange(samples)
    while not np.array_equal(label, spread):
        label, spread = spread, spread.copy()
        lowest = np.minimum(label[first], label[second])
        np.minimum.at(spread, first, lowest)
        np.minimum.at(spread, second, lowest)
        spread = spread[spread]
    return np.unique(label, return_inverse=True)[1].astype(np.int64)
