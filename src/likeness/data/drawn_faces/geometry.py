"""Where each pixel's ray meets the head.

The head is an ellipsoid whose width is multiplied by a quartic profile of its height:
`(x / (a w(y)))^2 + (y / b)^2 + (z / c)^2 = 1`. Rays are parallel. Since w varies slowly along a ray, it is taken at
the ray's point nearest to the axis, and the rest is a quadratic.
"""

from typing import NamedTuple

import numpy as np

from likeness.data.drawn_faces.conditions import Conditions
from likeness.data.drawn_faces.draws import Plane
from likeness.data.drawn_faces.identity import Person
from likeness.data.drawn_faces.windows import Window, around

HALF_FRAME = 1.27
"""Half the image's side, in head units."""
_LARGEST = 1.08
"""The most that `Conditions.scale` enlarges: windows are made for it."""
_KNOTS = np.array([1.0, 0.5, 0.0, -0.55, -1.0])
_QUARTIC = np.linalg.inv(np.vander(_KNOTS, increasing=True)).round(6)
"""From the values at the knots to the coefficients of 1, y, .. y^4."""


Axis = tuple[Plane, Plane, Plane]


class Frame(NamedTuple):
    """The image's plane in head units, upright (`u`, `v`) and rolled with the head (`x`, `y`), `[B, N]`."""

    size: int
    u: Plane
    v: Plane
    x: Plane
    y: Plane
    pixel: Plane
    """The side of a pixel, `[B, 1]`."""
    axes: tuple[Axis, ...]
    """The camera's right, up and backward axes in the head's frame, `[B, 1]` each number."""
    sine: Plane
    """The sine of the turn."""
    roll: tuple[Plane, Plane]
    origin: tuple[Plane, Plane]

    def pixel_of(self, x: Plane, y: Plane, z: Plane) -> tuple[Plane, Plane]:
        """Row and column of a point of the head's frame, `[B, 1]` each."""
        right, up, _ = self.axes
        at_x = x * right[0] + z * right[2]
        at_y = x * up[0] + y * up[1] + z * up[2]
        sine, cosine = self.roll
        column = (at_x * cosine - at_y * sine - self.origin[0]) / self.pixel + np.float32(self.size / 2)
        row = np.float32(self.size / 2) - (at_x * sine + at_y * cosine - self.origin[1]) / self.pixel
        return row, column

    def window(self, x: Plane, y: Plane, z: Plane, half_x: float, half_y: float) -> Window:
        """The window around a point of the head's frame, `half_x` and `half_y` head units to each side."""
        row, column = self.pixel_of(x, y, z)
        per_unit = self.size * _LARGEST / (2 * HALF_FRAME)
        return around(row, column, half_y * per_unit, half_x * per_unit, (self.size, self.size))


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
    return np.clip(value, np.float32(0), np.float32(1), out=value)


def dome(square: Plane) -> Plane:
    """The bump `max(0, 1 - r^2)^2` of a squared radius: smooth, of compact support, and no exp."""
    bump = np.subtract(np.float32(1), square)
    np.maximum(bump, np.float32(0), out=bump)
    return np.multiply(bump, bump, out=bump)


def frame(size: int, how: Conditions) -> Frame:
    """The plane of an image of `size` x `size` pixels under each of the conditions."""
    steps = np.arange(size, dtype=np.float32) + np.float32(0.5)
    centres = (steps * np.float32(2.0 / size) - np.float32(1)) * np.float32(HALF_FRAME)
    zoom = 1 / how.scale
    s_turn, _ = sine_cosine(how.turn)
    s_nod, _ = sine_cosine(how.nod)
    s_roll, c_roll = sine_cosine(how.roll)
    # half of the way that the face moves when the head turns is taken back, as a photographer would
    origin = (
        how.shift_x + np.float32(0.30) * s_turn,
        how.shift_y - np.float32(0.30) * s_nod - np.float32(0.04),
    )
    across, up = centres[None, :] * zoom + origin[0], origin[1] - centres[None, :] * zoom
    u, v = np.tile(across, size), np.repeat(up, size, axis=1)
    x = (np.tile(across * c_roll, size)) + np.repeat(up * s_roll, size, axis=1)
    y = np.repeat(up * c_roll, size, axis=1) - np.tile(across * s_roll, size)
    pixel = zoom * np.float32(2 * HALF_FRAME / size)
    return Frame(size, u, v, x, y, pixel, camera_axes(how), s_turn, (s_roll, c_roll), origin)


def camera_axes(how: Conditions) -> tuple[Axis, Axis, Axis]:
    """The camera's right, up and backward axes in the frame of a head that turns and nods, `[B, 1]` each number."""
    s_turn, c_turn = sine_cosine(how.turn)
    s_nod, c_nod = sine_cosine(how.nod)
    return (
        (c_turn, np.zeros_like(c_turn), s_turn),
        (s_nod * s_turn, c_nod, -s_nod * c_turn),
        (-c_nod * s_turn, s_nod, c_nod * c_turn),
    )


def ellipsoid(at: Frame, x: Plane, y: Plane, who: Person) -> Surface:
    """The head, where the rays through (x, y) `[B, N]` of the rolled plane meet it."""
    right, up, back = at.axes
    qx = x * right[0]
    qx += y * up[0]
    qy = y * up[1]
    qz = x * right[2]
    qz += y * up[2]
    a, b, c = (np.square(1 / axis) for axis in (who.width, who.height, who.depth))
    nearest = _nearest_height(qx, qy, qz, back, (a, b, c))
    terms = _coefficients(who)
    wide = _horner(nearest, terms)
    thin = wide * wide
    np.divide(a, thin, out=thin)
    # fa t^2 + 2 fb t + fc = 0
    fa = thin * (back[0] * back[0])
    fa += back[1] * back[1] * b + back[2] * back[2] * c
    qxa, qyb, qzc = qx * thin, qy * b, qz * c
    fb = qxa * back[0]
    fb += qyb * back[1]
    fb += qzc * back[2]
    qxa *= qx
    qyb *= qy
    qzc *= qz
    qxa += qyb
    qxa += qzc
    qxa -= np.float32(1)
    qxa *= fa
    found = fb * fb
    found -= qxa
    t = np.sqrt(np.maximum(found, np.float32(0)))
    t -= fb
    t /= fa
    qx += t * back[0]
    qy += t * back[1]
    qz += np.multiply(t, back[2], out=t)
    # near the outline `found` falls by about 2 c / radius for each unit of distance
    found *= np.float32(0.42) / (at.pixel * c)
    found += np.float32(0.5)
    nx = qx * thin
    ny = qy * b
    bend = _horner(nearest, [terms[k] * np.float32(k) for k in range(1, 5)])
    bend *= nx
    bend *= qx
    bend /= wide
    ny -= bend
    return Surface(qx, qy, qz, (nx, ny, qz * c), ramp(found))


def width_factor(axes: tuple[Axis, Axis, Axis], who: Person, x: Plane, y: Plane) -> Plane:
    """The factor of the skull's width for the rays through (x, y) `[B, N]` of the rolled plane, as in `ellipsoid`.

    Args:
        axes: those of the camera.
        who: whose skull.
        x: to the right.
        y: up.
    """
    right, up, back = axes
    qx = x * right[0] + y * up[0]
    qz = x * right[2] + y * up[2]
    curvature = (np.square(1 / who.width), np.square(1 / who.height), np.square(1 / who.depth))
    return _horner(_nearest_height(qx, y * up[1], qz, back, curvature), _coefficients(who))


def shell(at: Frame, x: Plane, y: Plane, axes: tuple[Plane, Plane, Plane]) -> Surface:
    """A plain ellipsoid of semi-axes `[B, 1]`, likewise: all but the root is a quadratic form in (x, y)."""
    right, up, back = at.axes
    a, b, c = (np.square(1 / axis) for axis in axes)
    fa = back[0] * back[0] * a + back[1] * back[1] * b + back[2] * back[2] * c
    by_x = right[0] * back[0] * a + right[2] * back[2] * c
    by_y = up[0] * back[0] * a + up[1] * back[1] * b + up[2] * back[2] * c
    # found = (by_x x + by_y y)^2 - fa (|right x + up y|^2 - 1), with the ellipsoid's metric
    xx = by_x * by_x - fa * (right[0] * right[0] * a + right[2] * right[2] * c)
    xy = 2 * (by_x * by_y - fa * (right[0] * up[0] * a + right[2] * up[2] * c))
    yy = by_y * by_y - fa * (up[0] * up[0] * a + up[1] * up[1] * b + up[2] * up[2] * c)
    found = x * xx
    found += y * xy
    found *= x
    square = y * y
    square *= yy
    found += square
    found += fa
    t = np.maximum(found, np.float32(0), out=square)
    np.sqrt(t, out=t)
    t -= x * by_x
    t -= y * by_y
    t *= 1 / fa
    px = x * right[0]
    px += y * up[0]
    px += t * back[0]
    py = y * up[1]
    py += t * back[1]
    pz = x * right[2]
    pz += y * up[2]
    pz += t * back[2]
    found *= np.float32(0.42) / (at.pixel * c)
    found += np.float32(0.5)
    return Surface(px, py, pz, (px * a, py * b, pz * c), ramp(found))


def sine_cosine(half_tangent: Plane) -> tuple[Plane, Plane]:
    """Of the angle whose half has this tangent: no transcendental function, so the same bits everywhere."""
    square = half_tangent * half_tangent
    return 2 * half_tangent / (1 + square), (1 - square) / (1 + square)


def unit(x: Plane, y: Plane, z: Plane) -> Axis:
    """The vectors (x, y, z), `[B, N]` each, with length 1; those of no length stay."""
    square = x * x
    square += y * y
    square += z * z
    np.maximum(square, np.float32(1e-12), out=square)
    np.sqrt(square, out=square)
    np.divide(np.float32(1), square, out=square)
    return x * square, y * square, z * square


def _nearest_height(qx: Plane, qy: Plane, qz: Plane, back: Axis, curvature: Axis) -> Plane:
    """The height of a ray's point nearest to the head's axis, in the metric of the ellipsoid: (1 / semi-axis)^2."""
    a, b, c = curvature
    along = -1 / (back[0] * back[0] * a + back[1] * back[1] * b + back[2] * back[2] * c)
    nearest = qx * (back[0] * a * along * back[1])
    nearest += qz * (back[2] * c * along * back[1])
    nearest += qy * (1 + back[1] * b * along * back[1])
    return np.clip(nearest, np.float32(-1.15), np.float32(1.1), out=nearest)


def _coefficients(who: Person) -> list[Plane]:
    """Of the profile w(y): the quartic with w = 1 at the crown and the person's widths at the other knots."""
    rise = (who.temple, who.cheek, who.jaw, who.chin)
    terms = []
    for power in range(5):
        term = np.full_like(who.temple, 1.0 if power == 0 else 0.0)
        for knot, by in enumerate(rise, start=1):
            term = term + by * np.float32(_QUARTIC[power, knot])
        terms.append(term)
    return terms


def _horner(y: Plane, terms: list[Plane]) -> Plane:
    total = y * terms[-1]
    for term in terms[-2:0:-1]:
        total += term
        total *= y
    total += terms[0]
    return total
