"""The strongest inputs of every unit of a layer, kept while images stream past."""

from math import isfinite
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

LONG = 128
"""Positions from which on the largest value of a row is found fast; on the machines tried it is between 49 and 196."""


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
        least: `[C]`, a strongest value in one of the images: below `value[:, 0]` as soon as they are not all equal.
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
        rows = maps.flatten(2)
        units = self._in_question(rows)
        peaks = (rows if units is None else rows.index_select(1, units)).amax(2)
        strongest, least = peaks.amax(0), peaks.amin(0)
        _refuse_what_is_no_number(strongest, least)
        if units is None:
            self.least = torch.minimum(self.least, least)
            enter = units = torch.nonzero(strongest > self.value[:, -1]).flatten()
        else:
            self.least.index_copy_(0, units, torch.minimum(self.least.index_select(0, units), least))
            enter = torch.nonzero(strongest > self.value[:, -1].index_select(0, units)).flatten()
            units = units.index_select(0, enter)
        if len(units):
            self._merge(units, peaks.index_select(1, enter), index, rows)

    def _in_question(self, rows: Tensor) -> Tensor | None:
        """The units of which an image of a batch `[B, C, positions]` may enter, or all (None).

        The largest value of each row is slow to find in short rows, where little is done at once. That of each position
        over all images is found many at a time, and most units' is too weak for any image to enter.
        """
        if rows.shape[2] >= LONG or len(rows) == 1:
            return None
        strongest = rows.amax(0).amax(1)
        _refuse_what_is_no_number(strongest)
        undecided = self.least == self.value[:, 0]
        units = torch.nonzero((strongest > self.value[:, -1]) | undecided).flatten()
        return units if 2 * len(units) < len(strongest) else None

    def _merge(self, units: Tensor, peaks: Tensor, index: Tensor, rows: Tensor) -> None:
        """Keep the strongest of what is held of some units and of a batch, in which `peaks` `[B, U]` are theirs."""
        held, indices, positions = (
            kept.index_select(0, units) for kept in (self.value, self.index, self.position)
        )
        # what is held comes first, and then lower indices
        values, order = torch.cat([held, peaks.T], dim=1).sort(dim=1, descending=True, stable=True)
        order = order[:, : self.top]
        before = order.clamp(max=self.top - 1)
        indices, positions = indices.gather(1, before), positions.gather(1, before)
        new = torch.nonzero(order.flatten() >= self.top).flatten()
        image = order.flatten().index_select(0, new) - self.top
        row = image * rows.shape[1] + units.index_select(0, new // self.top)
        indices.view(-1)[new] = index.index_select(0, image)
        positions.view(-1)[new] = rows.flatten(0, 1).index_select(0, row).argmax(1)
        self.value.index_copy_(0, units, values[:, : self.top])
        self.index.index_copy_(0, units, indices)
        self.position.index_copy_(0, units, positions)

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


def _refuse_what_is_no_number(*values: Tensor) -> None:
    if not all(isfinite(float(one.sum())) for one in values):
        raise ValueError("its values are not all numbers")
