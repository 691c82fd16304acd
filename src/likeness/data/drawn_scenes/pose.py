"""Where a head is in a scene, and where in it its face and its five points are.

Three coordinates: pixels of the scene, x to the right and y down; the head's plane, in head units, x to the right and
y up as the head is rolled, (0, 0) at the skull's centre, which the rays meet in parallel; and the head's own frame.
"""

from typing import NamedTuple

import numpy as np

from likeness.data.drawn_faces.conditions import Conditions
from likeness.data.drawn_faces.draws import Plane
from likeness.data.drawn_faces.geometry import Axis, Frame, camera_axes, ellipsoid, sine_cosine, width_factor
from likeness.data.drawn_faces.identity import Person
from likeness.data.drawn_faces.relief import Parts, face
from likeness.data.drawn_faces.windows import Window, around
from likeness.data.drawn_scenes.canvas import Floats

_SPAN = (49, 41)
"""Places on the face, along its height and around it, by which its box is found."""


_ALONG = 65
"""Places among which that of the nose's tip is found."""


class Axes(NamedTuple):
    """Of heads `[B, 1]` each: the camera's axes in the head's frame, and how head and body are rolled in the image.

    `turn` is the sine of the head's turn; `head` and `body` are sine and cosine, counter-clockwise.
    """

    right: Axis
    up: Axis
    back: Axis
    turn: Plane
    head: tuple[Plane, Plane]
    body: tuple[Plane, Plane]

    def flat(self, x: Plane, y: Plane, z: Plane) -> tuple[Plane, Plane]:
        """Where points of the head's frame are in its plane."""
        return x * self.right[0] + z * self.right[2], x * self.up[0] + y * self.up[1] + z * self.up[2]


class Place(NamedTuple):
    """Of heads `[B, 1]` each: the skull's centre in pixels of the scene, and a pixel's side in head units."""

    x: Plane
    y: Plane
    unit: Plane


def axes_of(how: Conditions, camera: Plane) -> Axes:
    """The axes of heads under their conditions, and under a `camera` that is rolled (the tangent of half the angle)."""
    s_turn, _ = sine_cosine(how.turn)
    s_head, c_head = sine_cosine(how.roll)
    s_body, c_body = sine_cosine(camera)
    return Axes(
        *camera_axes(how),
        s_turn,
        (s_head * c_body + c_head * s_body, c_head * c_body - s_head * s_body),
        (s_body, c_body),
    )


class Patch(Frame):
    """A frame whose windows are as large as the roll needs, for heads of any roll and of several scales."""

    def window(self, x: Plane, y: Plane, z: Plane, half_x: float, half_y: float) -> Window:
        """The window around a point of the head's frame, `half_x` and `half_y` head units to each side of the head."""
        row, column = self.pixel_of(x, y, z)
        sine, cosine = self.roll
        wide = (np.abs(cosine) * half_x + np.abs(sine) * half_y) / self.pixel
        high = (np.abs(sine) * half_x + np.abs(cosine) * half_y) / self.pixel
        return around(row, column, float(high.max()), float(wide.max()), (self.size, self.size))


def patch_of(axes: Axes, place: Place, left: Floats, top: Floats, size: int, enlarged: Plane) -> Patch:
    """The frames of `size` x `size` places from `left` and `top` `[B]` on, `enlarged` `[B, 1]` to a pixel's side."""
    steps = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / enlarged
    pixel = place.unit / enlarged
    across = (steps + (left[:, None] - place.x)) * place.unit
    up = ((place.y - top[:, None]) - steps) * place.unit
    planes = []
    for sine, cosine in (axes.body, axes.head):
        planes.append(np.tile(across * cosine, size) + np.repeat(up * sine, size, axis=1))
        planes.append(np.repeat(up * cosine, size, axis=1) - np.tile(across * sine, size))
    u, v, x, y = planes
    middle = np.float32(size / 2) * pixel
    origin = (middle - (place.x - left[:, None]) * place.unit, (place.y - top[:, None]) * place.unit - middle)
    return Patch(size, u, v, x, y, pixel, axes[:3], axes.turn, axes.head, origin)


def upright_of(axes: Axes, place: Place, left: int, top: int, width: int, height: int) -> Frame:
    """The frame of one body in `height` x `width` pixels of the scene from `left` and `top`: its planes are upright."""
    across = (np.arange(left, left + width, dtype=np.float32) + np.float32(0.5) - place.x) * place.unit
    up = (place.y - np.arange(top, top + height, dtype=np.float32) - np.float32(0.5)) * place.unit
    sine, cosine = axes.body
    u = np.tile(across * cosine, height) + np.repeat(up * sine, width, axis=1)
    v = np.repeat(up * cosine, width, axis=1) - np.tile(across * sine, height)
    none = np.zeros_like(place.x)
    return Frame(width, u, v, u, v, place.unit, axes[:3], axes.turn, axes.body, (none, none))


def on_skull(axes: Axes, who: Person, x: Plane, y: Plane) -> Plane:
    """The depth z of the skull's front at (x, y) `[B, N]` of the head's frame, as rays meet it.

    `geometry.ellipsoid` takes the skull's width at the ray's point nearest to the axis, which hangs on z: three steps.
    """
    z = np.zeros_like(x)
    for _ in range(3):
        wide = who.width * _width(axes, who, x, y, z)
        square = 1 - np.square(x / wide) - np.square(y / who.height)
        z = who.depth * np.sqrt(np.maximum(square, np.float32(0)))
    return z


def points_of(axes: Axes, who: Person, how: Conditions) -> tuple[Plane, Plane]:
    """Left and right eye, nose, left and right corner of the mouth in the head's plane, x and y `[B, 5]` each.

    The eyes' points are half way between their corners; the nose's is the top of its tip; the mouth's corners are
    where the lips meet. What is hidden, by a turn or a mask, is where it would be seen.
    """
    smile = how.smile
    mouth = who.mouth_width * (1 + 0.20 * smile)
    corner = who.mouth_y + 0.07 * smile + np.float32(0.012)
    tip = who.nose_y + np.float32(0.07)
    x = np.concatenate([-who.eye_x, who.eye_x, np.zeros_like(mouth), -mouth, mouth], axis=1)
    y = np.concatenate([who.eye_y, who.eye_y, tip, corner, corner], axis=1)
    x, y = axes.flat(x, y, on_skull(axes, who, x, y))
    x[:, 2:3], y[:, 2:3] = _nose(axes, who, how, tip)
    return x, y


def face_of(axes: Axes, who: Person) -> tuple[Plane, Plane]:
    """Places all over the face, in the head's plane, x and y `[B, N]` each.

    The face is the skull's front from the hairline to the chin and from ear to ear: all of its skin that is neither
    above the hairline's level at the forehead nor behind the skull's middle, where the ears' roots are. Ears and hair
    are not of it, and a fringe, a beard, glasses or a mask take nothing off it.
    """
    rows, columns = _SPAN
    level = np.square(np.linspace(0, 1, rows, dtype=np.float32))[None, :]  # denser where the chin is round
    half = np.linspace(-1, 1, columns, dtype=np.float32)  # the tangent of half the angle from the front
    sine, cosine = 2 * half / (1 + half * half), (1 - half * half) / (1 + half * half)
    y = np.repeat(who.hairline * level - who.height * (1 - level), columns, axis=1)
    radius = np.sqrt(np.maximum(1 - np.square(y / who.height), np.float32(0)))
    x, z = who.width * radius * np.tile(sine, rows), who.depth * radius * np.tile(cosine, rows)
    wide = _width(axes, who, x, y, z)
    # what is turned away is not seen: the middle of the face stands for it
    facing = x / wide / np.square(who.width) * axes.back[0] + y / np.square(who.height) * axes.back[1]
    seen = facing + z / np.square(who.depth) * axes.back[2] > 0
    middle = (rows // 2) * columns + columns // 2
    x, y, z = (np.where(seen, each, each[:, middle : middle + 1]) for each in (x * wide, y, z))
    return axes.flat(x, y, z)


def in_scene(axes: Axes, place: Place, x: Plane, y: Plane) -> tuple[Plane, Plane]:
    """Points of the head's plane, in pixels of the scene."""
    sine, cosine = axes.head
    return place.x + (x * cosine - y * sine) / place.unit, place.y - (x * sine + y * cosine) / place.unit


def box_around(x: Plane, y: Plane) -> Floats:
    """The boxes `[B, 4]` around points `[B, N]`: least x and y, greatest x and y."""
    return np.stack([x.min(1), y.min(1), x.max(1), y.max(1)], axis=1)


def _nose(axes: Axes, who: Person, how: Conditions, tip: Plane) -> tuple[Plane, Plane]:
    """Where in the head's plane the nose's tip is drawn, `[B, 1]` each.

    `relief.face` moves what stands out from the skull by two steps of a fixed point, which fall short of the whole way
    in a head that is turned far. So the place is looked for, on the line over which the tip can move.
    """
    none, high = np.zeros_like(tip), np.linspace(0, 1, _ALONG, dtype=np.float32)[None, :] * who.nose_height
    x, y = axes.flat(none, tip, on_skull(axes, who, none, tip) + high)
    at = Frame(_ALONG, x, y, x, y, none + 1, axes[:3], axes.turn, axes.head, (none, none))
    start = np.zeros(len(tip), np.intp)
    all_of_it = Window(start, start, 1, _ALONG, (1, _ALONG))
    on = face(at, ellipsoid(at, x, y, who), who, how, Parts(all_of_it, all_of_it, all_of_it))
    nearest = np.argmin(np.square(on.x) + np.square(on.y - tip), axis=1)[:, None]
    return np.take_along_axis(x, nearest, axis=1), np.take_along_axis(y, nearest, axis=1)


def _width(axes: Axes, who: Person, x: Plane, y: Plane, z: Plane) -> Plane:
    """The factor of the skull's width for rays through points of the head's frame."""
    return width_factor(axes[:3], who, *axes.flat(x, y, z))
