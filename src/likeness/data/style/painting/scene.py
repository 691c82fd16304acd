"""An evening: lights that turn in the sky, hills, cypresses, and rows of flowers that run to the horizon.

Places are in heights of the image, x to the right in [0, 4/3] and y down in [0, 1].
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.data.style.painting.brush import Floats, View

Bools = NDArray[np.bool_]


def _colour(code: str) -> Floats:
    return np.frombuffer(bytes.fromhex(code), np.uint8) / 255


NAVY, ULTRAMARINE, COBALT, TURQUOISE = map(_colour, ("121a3f", "1b2a7a", "2f62b8", "3fb0b0"))
CREAM, GOLD, ORANGE, VERMILION = map(_colour, ("fbeec2", "f8c53a", "ef8a2b", "dd4423"))
CRIMSON, PURPLE, GREEN, OLIVE = map(_colour, ("a8203f", "5a3a85", "1f6b52", "8a9a3a"))


class Whirl(NamedTuple):
    """Something that strokes turn around: its place, its radius, and the sense of turning."""

    x: float
    y: float
    radius: float
    sense: int


class Tree(NamedTuple):
    """A cypress: the middle of its foot, its height and its breadth."""

    x: float
    foot: float
    height: float
    breadth: float


LIGHTS = (
    Whirl(0.93, 0.27, 0.085, 1),
    Whirl(0.27, 0.17, 0.035, -1),
    Whirl(0.52, 0.36, 0.02, 1),
    Whirl(1.24, 0.10, 0.022, -1),
    Whirl(0.08, 0.38, 0.018, 1),
)
EDDIES = (Whirl(0.62, 0.17, 0.12, -1), Whirl(1.15, 0.42, 0.08, 1), Whirl(0.36, 0.44, 0.07, -1))
TREES = (Tree(0.16, 0.86, 0.62, 0.055), Tree(0.235, 0.84, 0.36, 0.04), Tree(1.13, 0.80, 0.26, 0.035))
VANISHING = (0.62, 0.58)


def evening(x: Floats, y: Floats) -> View:
    """What is seen at places `[N]`."""
    colour, along, breadth = _sky(x, y), _wind(x, y), np.ones_like(x)
    parts = (
        (y > _far_ridge(x), _far_hills(x, y), _slope(_far_ridge, x)),
        (y > _near_ridge(x), _near_hills(x, y), _slope(_near_ridge, x) + 0.6 * np.sin(20 * x)),
    )
    for inside, part, slope in parts:
        colour = np.where(inside[:, None], part, colour)
        along = np.where(inside, np.stack([np.ones_like(x), slope]), along)
    inside = y > 0.745 + 0.02 * np.sin(4 * x + 1)
    colour = np.where(inside[:, None], _rows_of_flowers(x, y), colour)
    to_horizon = np.stack([x - VANISHING[0] + 0.02 * np.sin(40 * y), y - VANISHING[1]])
    along = np.where(inside, to_horizon, along)
    for tree in TREES:
        inside = _inside(tree, x, y)
        light = _smooth((x - tree.x) / tree.breadth + 0.4)
        colour = np.where(inside[:, None], _mix(NAVY, GREEN, light), colour)
        along = np.where(inside, np.stack([0.35 * np.sin(18 * y), -np.ones_like(y)]), along)
        breadth = np.where(inside, 0.7, breadth)
    return View(colour, along / (np.hypot(*along) + 1e-9), breadth)


def _sky(x: Floats, y: Floats) -> Floats:
    stops = ((0.0, ULTRAMARINE), (0.22, COBALT), (0.42, TURQUOISE), (0.56, GOLD), (0.64, ORANGE))
    colour = _gradient(stops, y + 0.03 * np.sin(7 * x) + 0.02 * np.sin(13 * x + 9 * y))
    for light in LIGHTS:
        away = np.hypot(x - light.x, y - light.y) / light.radius
        halo = _mix(GOLD, ORANGE, 0.5 + 0.5 * np.cos(3.6 * away))
        colour = _mix(colour, halo, 1.15 * np.exp(-((away / 2.6) ** 2)))
        colour = _mix(colour, CREAM, _smooth(4 * (1.15 - away)))
    return colour


def _wind(x: Floats, y: Floats) -> Floats:
    """The direction of strokes in the sky, `[2, N]`: level, but for what turns around lights and eddies."""
    level = 0.25 * np.sin(3 * x + 5 * y) + 0.2 * np.sin(7 * x - 4 * y + 1)
    wind = np.stack([np.cos(level), np.sin(level)])
    for whirl in (*(light._replace(radius=3.2 * light.radius) for light in LIGHTS), *EDDIES):
        dx, dy = x - whirl.x, y - whirl.y
        away = np.hypot(dx, dy) + 1e-6
        strength = 2.6 * whirl.sense * np.exp(-((away / whirl.radius) ** 2)) / away
        wind = wind + strength * np.stack([-dy, dx])
    return wind


def _far_ridge(x: Floats) -> Floats:
    return 0.60 + 0.035 * np.sin(5.1 * x + 0.4) + 0.02 * np.sin(11 * x + 2)


def _far_hills(x: Floats, y: Floats) -> Floats:
    return _gradient(((0.0, PURPLE), (0.07, COBALT), (0.14, CRIMSON)), y - _far_ridge(x))


def _near_ridge(x: Floats) -> Floats:
    return 0.68 + 0.045 * np.sin(3.3 * x + 2.3) + 0.012 * np.sin(9 * x)


def _near_hills(x: Floats, y: Floats) -> Floats:
    return _gradient(((0.0, GREEN), (0.05, OLIVE), (0.1, GREEN)), y - _near_ridge(x) + 0.02 * np.sin(30 * x))


def _rows_of_flowers(x: Floats, y: Floats) -> Floats:
    depth = y - 0.70
    across = (x - VANISHING[0]) / np.maximum(depth + 0.12, 0.02) + 0.1 * np.sin(9 * x + 3 * y)
    stops = (
        (0.0, VERMILION),
        (0.45, CRIMSON),
        (0.75, PURPLE),
        (1.25, COBALT),
        (1.6, PURPLE),
        (1.95, ORANGE),
        (2.3, GOLD),
        (2.7, ORANGE),
        (3.0, VERMILION),
    )
    blossom = _smooth(2 * np.sin(37 * across) * np.sin(60 * depth + 3 * across) - 1)
    return _mix(_gradient(stops, np.mod(1.5 * across, 3.0)), CREAM, 0.35 * blossom)


def _inside(tree: Tree, x: Floats, y: Floats) -> Bools:
    up = (tree.foot - y) / tree.height
    shape = np.sqrt(up.clip(0, 1)) * (1 - up.clip(0, 1))
    half = 2.2 * tree.breadth * shape * (1 + 0.25 * np.sin(25 * y + 9 * tree.x))
    inside: Bools = (up > 0) & (up < 1) & (np.abs(x - tree.x - 0.015 * np.sin(9 * y)) < half)
    return inside


def _slope(ridge: Callable[[Floats], Floats], x: Floats) -> Floats:
    return 1.5 * (ridge(x + 1e-3) - ridge(x - 1e-3)) / 2e-3


def _gradient(stops: Sequence[tuple[float, Floats]], at: Floats) -> Floats:
    """The colours `[N, 3]` at `at` of a gradient through `stops`."""
    places = [place for place, _ in stops]
    channels = np.stack([colour for _, colour in stops], axis=1)
    return np.stack([np.interp(at, places, channel) for channel in channels], axis=1)


def _mix(first: Floats, second: Floats, share: Floats) -> Floats:
    """From `first` (share 0) to `second` (share 1), `[N, 3]`."""
    return first + (second - first) * share.clip(0, 1)[:, None]


def _smooth(share: Floats) -> Floats:
    """An S-shaped step from 0 to 1."""
    share = share.clip(0, 1)
    return share * share * (3 - 2 * share)
