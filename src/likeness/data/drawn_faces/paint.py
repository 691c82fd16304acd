"""Paint: three planes of linear light, and the one way of laying one colour over another."""

from typing import NamedTuple

import numpy as np

from likeness.data.drawn_faces.draws import Plane
from likeness.data.drawn_faces.geometry import dome, ramp
from likeness.data.drawn_faces.windows import Window


class Colour(NamedTuple):
    """Linear red, green and blue, `[B, 1]` or `[B, N]` each."""

    red: Plane
    green: Plane
    blue: Plane


def plain(like: Plane, red: float, green: float, blue: float) -> Colour:
    """The same colour for each image, `[B, 1]`."""
    return Colour(*(np.full_like(like, value) for value in (red, green, blue)))


def blend(first: Colour, second: Colour, share: Plane | float) -> Colour:
    """From `first` (share 0) to `second` (share 1)."""
    return Colour(
        *(
            a + (b - a) * np.float32(share) if isinstance(share, float) else a + (b - a) * share
            for a, b in zip(first, second, strict=True)
        )
    )


def scale(colour: Colour, by: Plane | float) -> Colour:
    """Each channel times `by`."""
    return Colour(*(channel * by for channel in colour))


def cut(window: Window, paint: Colour) -> Colour:
    """A copy of the window's part of `paint`."""
    return Colour(*(window.cut(channel) for channel in paint))


def paste(window: Window, paint: Colour, part: Colour) -> None:
    """Put a part back into `paint`."""
    for channel, new in zip(paint, part, strict=True):
        window.paste(channel, new)


def lay(under: Colour, over: Colour, cover: Plane) -> None:
    """Cover `under`, in place, with `over`."""
    for channel, new in zip(under, over, strict=True):
        step = new - channel
        step *= cover
        np.add(channel, step, out=channel)


def spot(x: Plane, y: Plane, x0: Plane, y0: Plane, sx: Plane, sy: Plane) -> Plane:
    """A dome of height 1 at (x0, y0)."""
    dx = x - x0
    dx *= 1 / sx
    dy = y - y0
    dy *= 1 / sy
    dx *= dx
    dy *= dy
    dx += dy
    return dome(dx)


def inside(distance: Plane, pixel: Plane) -> Plane:
    """The share of a pixel that is inside an edge `distance` away (positive inside)."""
    cover = distance * (1 / pixel)
    cover += np.float32(0.5)
    return ramp(cover)


def stroke(distance: Plane, half_width: Plane, pixel: Plane) -> Plane:
    """The share of a pixel that a line covers whose middle is `distance` away."""
    cover = half_width - np.abs(distance)
    cover *= 1 / pixel
    cover += np.float32(0.5)
    ramp(cover)
    cover *= np.minimum(2 * half_width / pixel, np.float32(1))
    return cover
