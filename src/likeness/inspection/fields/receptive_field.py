"""A unit's receptive field: where it begins, how far it moves from one position to the next, and how large it is."""

from collections.abc import Sequence
from typing import NamedTuple

Box = tuple[slice, ...]
"""A part of an input, by the range of each axis."""


class ReceptiveField(NamedTuple):
    """The receptive field of a layer's units, by axis.

    The unit at position p of an axis sees the values `start + stride * p` up to `start + stride * p + size`, of which
    those outside the input are padding.
    """

    start: tuple[int, ...]
    stride: tuple[int, ...]
    size: tuple[int, ...]

    def box(self, position: Sequence[int], sides: Sequence[int]) -> Box:
        """What the unit at a position sees of an input with these sides."""
        starts = [
            start + stride * at for start, stride, at in zip(self.start, self.stride, position, strict=True)
        ]
        return tuple(
            slice(min(max(start, 0), side), max(min(start + size, side), 0))
            for start, size, side in zip(starts, self.size, sides, strict=True)
        )


def whole(sides: Sequence[int]) -> Box:
    """The whole of an input."""
    return tuple(slice(0, side) for side in sides)
