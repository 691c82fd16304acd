"""Where each pixel's ray meets the head.

The head is an ellipsoid whose width is multiplied by a profile of its height:
`(x / (a w(y)))^2 + (y / b)^2 + (z / c)^2 = 1`. Rays are parallel. Since w varies slowly along a ray, the quadratic is
solved once with w at a first guess of y, and once more with w at the y found.
"""

from typing import NamedTuple

import numpy as np

from likeness.data.drawn_faces.conditions import Conditions
from likeness.data.drawn_faces.draws import Plane
from likeness.data.drawn_faces.identity import Person

HALF_FRAME = 1.36
"""Half the picture's side, in head units."""
_PROFILE = ((0.55, 0.50), (-0.02, 0.48), (-0.58, 0.42), (-0.98, 0.36))


class Frame(NamedTuple):
    """The picture's plane in head units, upright (`u`, `v`) and rolled with the head (`x`, `y`), `[B, N]`."""

    u: Plane
    v: Plane
    x: Plane
    y: Plane
    pixel: Plane
    """The side of a pixel, `[B, 1]`."""
    axes: tuple[tuple[Plane, Plane, Plane], ...]
    """The camera's right, up and backward axes in the head's frame, `[B, 1]` each number."""
    sine: Plane
    """The sine of the turn."""


class Surface(NamedTuple):
    """What the rays hit, in the head's frame, `[B, N]`; outside the outline, the nearest point of it."""

    x: Plane
    y: Plane
    z: Plane
    normal: tuple[Plane, Plane, Plane]
    """The gradient of the implicit function: not of unit length."""
    cover: Plane
    """The share of the pixel that is covered, 0 to 1."""


def ramp(value: Plane) -> Plane:
    """`value` clipped to [0, 1], in place."""
    np.maximum(value, np.float32(0), out=value)
    return np.minimum(value, np.float32(1), out=value)


def dome(square: Plane) -> Plane:
    """The bump `max(0, 1 - r^2)^2` of a squared radius: smooth, of compact support, and no exp."""
    bump = np.subtract(np.float32(1), square)
    np.maximum(bump, np.float32(0), out=bump)
    return np.multiply(bump, bump, out=bump)


def frame(size: int, how: Conditions) -> Frame:
    """The plane of a picture of `size` x `size` pixels under each of the conditions."""
    centres = ((np.arange(size, dtype=np.float32) + np.float32(0.5)) * np.float32(2.0 / size) - np.float32(1)) * np.float32(
        HALF_FRAME
    )
    zoom = 1 / how.scale
    s_turn, c_turn = _sine_cosine(how.turn)
    s_nod, c_nod = _sine_cosine(how.nod)
    s_roll, c_roll = _sine_cosine(how.roll)
    axes = (
        (c_turn, np.zeros_like(c_turn), s_turn),
        (s_nod * s_turn, c_nod, -s_nod * c_turn),
        (-c_nod * s_turn, s_nod, c_nod * c_turn),
    )
    # half of the way that the face moves when the head turns is taken back, as a photographer would
    u = np.tile(centres, size)[None, :] * zoom + (how.shift_x + np.float32(0.30) * s_turn)
    v = np.repeat(-centres, size)[None, :] * zoom + (how.shift_y - np.float32(0.30) * s_nod - np.float32(0.06))
    return Frame(
        u, v, u * c_roll + v * s_roll, v * c_roll - u * s_roll, zoom * np.float32(2 * HALF_FRAME / size), axes, s_turn
    )


def ellipsoid(
    at: Frame, who: Person, grow: Plane | float = 0.0, lift: Plane | float = 0.0, *, normals: bool = True
) -> Surface:
    """The head, or with `grow` and `lift` a larger shell around it that is moved up."""
    right, up, back = at.axes
    y_frame = at.y if isinstance(lift, float) and lift == 0.0 else at.y - lift
    qx = at.x * right[0] + y_frame * up[0]
    qy = y_frame * up[1]
    qz = at.x * right[2] + y_frame * up[2]
    a = np.square(1 / (who.width + grow))
    b = np.square(1 / (who.height + grow))
    c = np.square(1 / (who.depth + grow))
    slope = (qx * (back[0] * a) + qy * (back[1] * b) + qz * (back[2] * c)) / -(
        back[0] * back[0] * a + back[1] * back[1] * b + back[2] * back[2] * c
    )
    wide = _profile(who, qy + slope * back[1])
    ax = a / np.square(wide)
    qxa, qyb, qzc = qx * ax, qy * b, qz * c
    fa = ax * (back[0] * back[0]) + (back[1] * back[1] * b + back[2] * back[2] * c)
    fb = qxa * back[0] + qyb * back[1] + qzc * back[2]
    fc = qxa * qx + qyb * qy + qzc * qz
    found = fb * fb - fa * (fc - np.float32(1))
    t = (np.sqrt(np.maximum(found, np.float32(0))) - fb) / fa
    x, y, z = qx + t * back[0], qy + t * back[1], qz + t * back[2]
    # near the outline `found` falls by about 2 / radius for each unit of distance, times the ray's own factor
    cover = ramp(found * (np.float32(0.42) / (at.pixel * c)) + np.float32(0.5))
    if not normals:
        return Surface(x, y, z, (x, y, z), cover)
    nx = x * ax
    ny = y * b - nx * x * _profile_slope(who, y) / wide
    return Surface(x, y, z, (nx, ny, z * c), cover)


def _sine_cosine(half_tangent: Plane) -> tuple[Plane, Plane]:
    """Of the angle whose half has this tangent: no transcendental function, so the same bits everywhere."""
    square = half_tangent * half_tangent
    return 2 * half_tangent / (1 + square), (1 - square) / (1 + square)


def _profile(who: Person, y: Plane) -> Plane:
    """w(y): 1 plus a bump at the temples, the cheeks, the jaw and the chin."""
    wide = np.ones_like(y)
    for (centre, spread), by in zip(_PROFILE, (who.temple, who.cheek, who.jaw, who.chin), strict=True):
        away = (y - np.float32(centre)) * np.float32(1 / spread)
        wide += dome(np.multiply(away, away, out=away)) * by
    return wide


def _profile_slope(who: Person, y: Plane) -> Plane:
    """w'(y)."""
    slope = np.zeros_like(y)
    for (centre, spread), by in zip(_PROFILE, (who.temple, who.cheek, who.jaw, who.chin), strict=True):
        away = (y - np.float32(centre)) * np.float32(1 / spread)
        inside = np.maximum(np.float32(1) - away * away, np.float32(0))
        slope += inside * away * (by * np.float32(-4 / spread))
    return slope
