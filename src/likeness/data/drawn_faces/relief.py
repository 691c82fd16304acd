"""The face's relief over the ellipsoid: a height h(x, y) that is a sum of domes, shifted by parallax.

The face is folded at x = 0, so that each dome below stands for a pair, or for one on the midline.
"""

from typing import NamedTuple

import numpy as np

from likeness.data.drawn_faces.conditions import Conditions
from likeness.data.drawn_faces.draws import Plane
from likeness.data.drawn_faces.geometry import Frame, Surface
from likeness.data.drawn_faces.identity import Person


class Dome(NamedTuple):
    """`amplitude * max(0, 1 - ((|x| - x0) / sx)^2 - ((y - y0) / sy)^2)^2`, each `[B, 1]`."""

    amplitude: Plane
    x0: Plane
    y0: Plane
    sx: Plane
    sy: Plane


class Face(NamedTuple):
    """The skin seen in each pixel, `[B, N]`."""

    x: Plane
    y: Plane
    fold: Plane
    """|x|"""
    side: Plane
    """The sign of x."""
    slope_x: Plane
    slope_y: Plane
    front: Plane
    """1 on the front of the head, 0 behind the ears."""


def domes(who: Person, how: Conditions) -> tuple[list[Dome], list[Dome]]:
    """Those that stand out far enough to move what is seen (nose, brow, chin), and the shallow rest."""
    none = np.zeros_like(who.width)
    smile = np.maximum(how.smile, np.float32(0))
    length = who.eye_y - who.nose_y
    high = [
        Dome(0.50 * who.nose_height, none, who.nose_y + 0.42 * length, 1.7 * who.nose_bridge, 0.80 * length),
        Dome(0.62 * who.nose_height, none, who.nose_y + 0.07, 1.75 * who.nose_tip, none + 0.17),
        Dome(0.26 * who.nose_height, 0.66 * who.nose_width, who.nose_y + 0.04, none + 0.085, none + 0.09),
        Dome(
            none + 0.06 + 0.4 * who.chin_relief, none, 0.5 * who.mouth_y - 0.5 * who.height, none + 0.30, none + 0.22
        ),
    ]
    low = [
        Dome(who.nose_hump, none, who.nose_y + 0.62 * length, 1.3 * who.nose_bridge, 0.35 * length),
        Dome(who.brow_ridge, 0.9 * who.eye_x, who.eye_y + 0.9 * who.brow_gap, none + 0.30, none + 0.13),
        Dome(-who.socket, 0.95 * who.eye_x, who.eye_y + 0.02, none + 0.24, none + 0.17),
        Dome(
            0.02 + who.cheekbone + 0.05 * smile,
            none + 0.44,
            who.cheekbone_y + 0.05 * smile,
            none + 0.30,
            none + 0.26,
        ),
        Dome(none + 0.07, none, who.mouth_y, 1.35 * who.mouth_width, none + 0.20),
        Dome(0.5 * who.lip_lower, none, who.mouth_y - 0.6 * who.lip_lower, 0.8 * who.mouth_width, 1.2 * who.lip_lower),
    ]
    return high, low


def face(at: Frame, on: Surface, who: Person, how: Conditions) -> Face:
    """The relief under each pixel.

    A point that stands h above the ellipsoid along z is met where the ray meets z - h: its (x, y) lies
    h times the ray's slope off. Two fixed-point steps find it.
    """
    high, low = domes(who, how)
    back = at.axes[2]
    run_x, run_y = back[0] / back[2], back[1] / back[2]
    front = np.minimum(np.maximum(on.z * np.float32(2.5), np.float32(0)), np.float32(1))
    x, y = on.x, on.y
    for _ in range(2):
        height = _height(high, np.abs(x), y)
        height *= front
        x, y = on.x + height * run_x, on.y + height * run_y
    fold = np.abs(x)
    slope_x, slope_y = np.zeros_like(x), np.zeros_like(x)
    for dome in high + low:
        dx, dy, square = _away(dome, fold, y)
        inside = np.maximum(np.float32(1) - square, np.float32(0))
        dx *= inside
        dy *= inside
        slope_x += np.multiply(dx, -4 * dome.amplitude / dome.sx, out=dx)
        slope_y += np.multiply(dy, -4 * dome.amplitude / dome.sy, out=dy)
    side = np.sign(x)
    slope_x *= side
    slope_x *= front
    slope_y *= front
    return Face(x, y, fold, side, slope_x, slope_y, front)


def _away(dome: Dome, fold: Plane, y: Plane) -> tuple[Plane, Plane, Plane]:
    dx = fold - dome.x0
    dx *= 1 / dome.sx
    dy = y - dome.y0
    dy *= 1 / dome.sy
    square = dx * dx
    square += dy * dy
    return dx, dy, square


def _height(of: list[Dome], fold: Plane, y: Plane) -> Plane:
    height = np.zeros_like(y)
    for dome in of:
        bump = np.maximum(np.float32(1) - _away(dome, fold, y)[2], np.float32(0))
        bump *= bump
        bump *= dome.amplitude
        height += bump
    return height
