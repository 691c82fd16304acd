"""The smallest of many values that come block by block, in the memory of a few times as many."""

import numpy as np
from numpy.typing import NDArray


class Smallest:
    """Keeps the `count` smallest values of all that are added."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._kept: list[NDArray[np.float64]] = []
        self._size = 0
        self.bound = np.inf
        """No value from here on will be among them."""

    def add(self, values: NDArray[np.float64]) -> None:
        """Take some more values `[M]`."""
        below = values[values < self.bound]
        self._kept.append(below)
        self._size += len(below)
        if self._size > 4 * self._count:
            self._shrink()

    def ascending(self) -> NDArray[np.float64]:
        """Those kept, in order; fewer than `count` where fewer came."""
        self._shrink()
        return np.sort(self._kept[0])

    def _shrink(self) -> None:
        values = np.concatenate(self._kept) if self._kept else np.empty(0)
        if len(values) > self._count:
            values = np.partition(values, self._count - 1)[: self._count]
            self.bound = float(values.max())
        self._kept, self._size = [values], len(values)
