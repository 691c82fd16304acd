"""Something in some of a scene's pixels, that can be laid over the scene."""

from typing import NamedTuple

import numpy as np

from likeness.data.drawn_scenes.canvas import Floats

_ONE = np.float32(1)


class Part(NamedTuple):
    """`colour` (linear light times cover) `[3, h, w]` and `cover` `[h, w]`, from pixel (`left`, `top`) of the scene on.

    It may reach over the scene's borders.
    """

    top: int
    left: int
    colour: Floats
    cover: Floats


def lay(paint: Floats, part: Part) -> None:
    """Lay a part over the scene, in place."""
    there, here = common(part.top, part.left, part.cover.shape, 0, 0, paint.shape[1:])
    under = paint[:, *there]
    under *= _ONE - part.cover[here]
    under += part.colour[:, *here]


def common(
    top: int, left: int, size: tuple[int, ...], other_top: int, other_left: int, other: tuple[int, ...]
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """What two rectangles have in common: as a part of the other one, and of this one."""
    first, second = [], []
    for here, length, there, reach in (
        (top, size[0], other_top, other[0]),
        (left, size[1], other_left, other[1]),
    ):
        start = max(here, there)
        stop = max(min(here + length, there + reach), start)
        first.append(slice(start - there, stop - there))
        second.append(slice(start - here, stop - here))
    return (first[0], first[1]), (second[0], second[1])
