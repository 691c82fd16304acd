"""The face's relief over the ellipsoid: a height h(x, y) that is a sum of domes, seen with parallax.

The face is folded at x = 0, so that each dome stands for a pair, or for one on the midline.
"""

from typing import NamedTuple

import numpy as np

from likeness.data.drawn_faces.conditions import Conditions
from likeness.data.drawn_faces.draws import Plane
from likeness.data.drawn_faces.geometry import Frame, Surface, ramp
from likeness.data.drawn_faces.identity import Person
from likeness.data.drawn_faces.windows import Window


class Dome(NamedTuple):
    """`amplitude * max(0, 1 - ((|x| - x0) / sx)^2 - ((y - y0) / sy)^2)^2`, each `[B, 1]`."""

    amplitude: Plane
    x0: Plane
    y0: Plane
    sx: Plane
    sy: Plane


class Face(NamedTuple):
    """The skin seen in each pixel, `[B, N]`: place, slope of the relief, and 1 on the front of the head."""

    x: Plane
    y: Plane
    slope_x: Plane
    slope_y: Plane
    front: Plane


class Parts(NamedTuple):
    """The windows, within the head's, of what is worked out there alone."""

    eyes: Window
    nose: Window
    mouth: Window


def face(at: Frame, on: Surface, who: Person, how: Conditions, parts: Parts) -> Face:
    """The relief under each pixel of the head's window."""
    front = ramp(on.z * np.float32(2.5))
    x, y = on.x, on.y
    none = np.zeros_like(who.width)
    smile = np.maximum(how.smile, np.float32(0))
    length = who.eye_y - who.nose_y
    nose = [
        Dome(0.50 * who.nose_height, none, who.nose_y + 0.42 * length, 1.7 * who.nose_bridge, 0.80 * length),
        Dome(0.62 * who.nose_height, none, who.nose_y + 0.07, 1.75 * who.nose_tip, none + 0.17),
        Dome(0.26 * who.nose_height, 0.66 * who.nose_width, who.nose_y + 0.04, none + 0.085, none + 0.09),
    ]
    _parallax(nose, x, y, on, at, parts.nose)
    slope_x, slope_y = np.zeros_like(x), np.zeros_like(x)
    chin = Dome(
        0.05 + 0.5 * who.chin_relief, none, 0.5 * who.mouth_y - 0.5 * who.height, none + 0.30, none + 0.22
    )
    cheek = Dome(
        0.02 + who.cheekbone + 0.05 * smile,
        none + 0.44,
        who.cheekbone_y + 0.05 * smile,
        none + 0.30,
        none + 0.26,
    )
    _tilt([cheek], x, y, slope_x, slope_y)
    hump = Dome(who.nose_hump, none, who.nose_y + 0.62 * length, 1.3 * who.nose_bridge, 0.35 * length)
    ridge = Dome(who.brow_ridge, 0.9 * who.eye_x, who.eye_y + 0.9 * who.brow_gap, none + 0.30, none + 0.13)
    socket = Dome(-who.socket, 0.95 * who.eye_x, who.eye_y + 0.02, none + 0.24, none + 0.17)
    mound = Dome(none + 0.07, none, who.mouth_y, 1.30 * who.mouth_width, none + 0.20)
    lip = Dome(
        0.5 * who.lip_lower,
        none,
        who.mouth_y - 0.6 * who.lip_lower,
        0.8 * who.mouth_width,
        1.2 * who.lip_lower,
    )
    for window, domes in (
        (parts.nose, [*nose, hump]),
        (parts.eyes, [ridge, socket]),
        (parts.mouth, [mound, lip, chin]),
    ):
        part_x, part_y = window.cut(slope_x), window.cut(slope_y)
        _tilt(domes, window.cut(x), window.cut(y), part_x, part_y)
        window.paste(slope_x, part_x)
        window.paste(slope_y, part_y)
    slope_x *= front
    slope_y *= front
    return Face(x, y, slope_x, slope_y, front)


def _parallax(domes: list[Dome], x: Plane, y: Plane, on: Surface, at: Frame, window: Window) -> None:
    """Replace (x, y) by the place on the relief.

    A point that stands h above the ellipsoid along z is met where the ray meets z - h: its (x, y) lies
    h times the ray's slope off. Two fixed-point steps find it.
    """
    back = at.axes[2]
    run_x, run_y = back[0] / back[2], back[1] / back[2]
    first_x, first_y = window.cut(x), window.cut(y)
    part_x, part_y = first_x, first_y
    for _ in range(2):
        fold = np.abs(part_x)
        height = np.zeros_like(fold)
        for each in domes:
            bump = np.maximum(np.float32(1) - _away(each, fold, part_y)[2], np.float32(0))
            bump *= bump
            bump *= each.amplitude
            height += bump
        part_x, part_y = first_x + height * run_x, first_y + height * run_y
    window.paste(x, part_x)
    window.paste(y, part_y)


def _tilt(domes: list[Dome], x: Plane, y: Plane, slope_x: Plane, slope_y: Plane) -> None:
    """Add the domes' gradient."""
    fold = np.abs(x)
    total = np.zeros_like(x)
    for each in domes:
        dx, dy, inner = _away(each, fold, y)
        np.subtract(np.float32(1), inner, out=inner)
        np.maximum(inner, np.float32(0), out=inner)
        dx *= inner
        dx *= -4 * each.amplitude / each.sx
        total += dx
        dy *= inner
        dy *= -4 * each.amplitude / each.sy
        slope_y += dy
    np.copysign(np.float32(1), x, out=fold)
    total *= fold
    slope_x += total


def _away(of: Dome, fold: Plane, y: Plane) -> tuple[Plane, Plane, Plane]:
    dx = fold - of.x0
    dx *= 1 / of.sx
    dy = y - of.y0
    dy *= 1 / of.sy
    square = dx * dx
    square += dy * dy
    return dx, dy, square
