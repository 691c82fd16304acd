"""The strongest inputs of every unit of a layer, kept while images stream past."""

from math import isfinite
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class StrongestArrays(NamedTuple):
    """What a `Strongest` holds, as arrays: `[C, top]` each, and `least` `[C]`."""

    value: NDArray[np.float32]
    index: NDArray[np.int64]  # type: ignore[assignment]  # hides tuple.index, which this has no use for
    position: NDArray[np.int64]
    least: NDArray[np.float32]


class Strongest:
    """The `top` images that excite each of a layer's units most, each at its strongest position.

    An image counts once for a unit. Of equal values the image with the lower index comes first, and of equal positions
    in an image the first; images are to come in ascending order. Memory is that of the units, whatever the number of
    images.

    Args:
        units: the number of units, C.
        top: how many images to keep for each.

    Attributes:
        value: `[C, top]`, descending; minus infinity where there were fewer images.
        index: `[C, top]` of the images; -1 where there were fewer.
        position: `[C, top]`, flattened.
        least: `[C]`, the least of all images' strongest values.
    """

    def __init__(self, units: int, top: int) -> None:
        self.top = top
        self.value = torch.full((units, top), -torch.inf)
        self.index = torch.full((units, top), -1, dtype=torch.int64)
        self.position = torch.zeros((units, top), dtype=torch.int64)
        self.least = torch.full((units,), torch.inf)

    def add(self, maps: Tensor, index: Tensor) -> None:
        """Take in the `maps` `[B, C, *spatial]` of the images `index` `[B]`.

        Raises:
            ValueError: a value is not a number.
        """
        peaks = maps.amax(dim=tuple(range(2, maps.ndim)))
        if not isfinite(float(peaks.sum())):
            raise ValueError("its values are not all numbers")
        self.least = torch.minimum(self.least, peaks.amin(0))
        rows = maps.flatten(2).flatten(0, 1)
        for _ in range(min(self.top, len(maps))):  # the batch's strongest first, of equal ones the first
            value, image = peaks.max(0)
            units = torch.nonzero(value > self.value[:, -1]).flatten()
            if not len(units):
                return
            value, image = value[units], image[units]
            position = rows.index_select(0, image * maps.shape[1] + units).argmax(1)
            self._insert(units, value, index[image], position)
            peaks[image, units] = -torch.inf

    def _insert(self, units: Tensor, value: Tensor, index: Tensor, position: Tensor) -> None:
        """Put one image for each of some units behind those that are at least as strong, and drop the last."""
        held = self.value[units]
        place = (held >= value[:, None]).sum(1, keepdim=True)
        rank = torch.arange(self.top)
        for kept, new in ((self.value, value), (self.index, index), (self.position, position)):
            before = kept[units]
            moved = torch.where(rank < place, before, before.roll(1, 1))
            kept[units] = torch.where(rank == place, new[:, None], moved)

    def arrays(self) -> StrongestArrays:
        """All that is held, as arrays."""
        return StrongestArrays(
            self.value.numpy(), self.index.numpy(), self.position.numpy(), self.least.numpy()
        )

    def restore(self, arrays: StrongestArrays) -> None:
        """Go on from what an earlier one held."""
        self.value, self.index, self.position, self.least = (
            torch.from_numpy(array.copy()) for array in arrays
        )

    def dead(self, *, rectified: bool) -> list[int]:
        """The units that say nothing: never above zero before a ReLU, or equally strong in every image."""
        silent = self.value[:, 0] <= 0 if rectified else torch.zeros(len(self.value), dtype=torch.bool)
        several = int((self.index[:, :2] >= 0).all()) if self.top > 1 else 0
        same = (self.value[:, 0] == self.least) & bool(several)
        return [int(unit) for unit in torch.nonzero(silent | same).flatten()]
