"""A map of positions as a vector: means over the cells of a grid."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from torch import Tensor
from torch.nn import functional

_POOLING: dict[int, Callable[[Tensor, Any], Tensor]] = {
    1: functional.adaptive_avg_pool1d,
    2: functional.adaptive_avg_pool2d,
    3: functional.adaptive_avg_pool3d,
}


def grid_of(channels: int, sides: Sequence[int], most: int) -> tuple[int, ...]:
    """The finest grid, of at most so many cells along each axis, whose cells hold at most `most` values of channels.

    At least one cell, however many channels there are.
    """
    cells = 1
    while cells < max(sides) and channels * prod(min(cells + 1, side) for side in sides) <= most:
        cells += 1
    return tuple(min(cells, side) for side in sides)


def pooled(maps: Tensor, most: int) -> Tensor:
    """The means `[B, F]` of maps `[B, C, *spatial]` over the cells of the finest grid with F at most `most`.

    Where the C channels alone are more, it is their means over all positions, with F = C.
    """
    sides = tuple(maps.shape[2:])
    return _POOLING[len(sides)](maps.float(), grid_of(maps.shape[1], sides, most)).flatten(1)
