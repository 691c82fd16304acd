"""People in their places: parts of a scene's pixels, to be laid over it from far to near."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

from likeness.data.drawn_faces.draws import Plane
from likeness.data.drawn_faces.rows import chosen
from likeness.data.drawn_scenes.canvas import Floats
from likeness.data.drawn_scenes.part import Part
from likeness.data.drawn_scenes.portrait import Sitter, backs_of_heads, body, heads
from likeness.data.drawn_scenes.pose import Axes, Patch, Place, patch_of, upright_of

T = TypeVar("T")

_FINEST = np.float32(16)
"""Pixels that a head unit has at least while it is drawn: what is smaller is drawn larger, and averaged."""

_STEP = 32
"""Heads are drawn in frames whose sides are multiples of so many pixels, those of one size together."""

_BODY = (-2.0, 2.0, -9.0, -0.4)
"""Where a body may be in the upright plane of its head: left, right, bottom, top, in head units."""


class People(NamedTuple):
    """B people, from far to near."""

    sitters: Sitter
    axes: Axes
    place: Place


class Figure(NamedTuple):
    """Hair, body and head, in this order, and the share of each of the head's pixels that is face, `[h, w]`."""

    parts: list[Part]
    face: Floats


def figures(people: People, height: int, width: int) -> list[Figure]:
    """The people, facing the camera or nearly so, in a scene of `height` x `width` pixels."""
    found: dict[int, Figure] = {}
    for frame, head in _framed(people, heads):
        hair, skin = head.hair, head.head
        planes = frame.shrunk([*hair.colour, hair.cover, *skin.colour, skin.cover, head.face])
        behind = Part(frame.top, frame.left, planes[:3], planes[3])
        before = Part(frame.top, frame.left, planes[4:7], planes[7])
        found[frame.row] = Figure([behind, *_body(people, frame.row, height, width), before], planes[8])
    return [found[row] for row in range(len(people.place.x))]


def figures_from_behind(people: People, height: int, width: int) -> list[list[Part]]:
    """The people, who turn their backs: they have no face."""
    found: dict[int, list[Part]] = {}
    for frame, head in _framed(people, backs_of_heads):
        planes = frame.shrunk([*head.colour, head.cover])
        part = Part(frame.top, frame.left, planes[:3], planes[3])
        found[frame.row] = [*_body(people, frame.row, height, width), part]
    return [found[row] for row in range(len(people.place.x))]


class _Frame(NamedTuple):
    """Where one head's pixels are in the scene, and how much finer they were drawn: 1, 2 or 4 times.

    `row` is the person's among all, `place` that among those drawn together.
    """

    row: int
    place: int
    top: int
    left: int
    enlarged: int

    def shrunk(self, planes: Sequence[Plane]) -> Floats:
        """The head's part of planes `[B, N]`, at the scene's size, `[planes, h, w]`."""
        side = round(planes[0].shape[1] ** 0.5)
        fine: Floats = np.stack([plane[self.place] for plane in planes]).reshape(-1, side, side)
        for _ in range(self.enlarged // 2):
            rows = fine[:, ::2] + fine[:, 1::2]
            fine = (rows[:, :, ::2] + rows[:, :, 1::2]) * np.float32(0.25)
        return fine


def _framed(people: People, draw: Callable[[Sitter, Patch], T]) -> Iterator[tuple[_Frame, T]]:
    """Each person's frame, and what `draw` gives for all whose frames have that size, who are drawn together."""
    unit = people.place.unit[:, 0]
    enlarged = np.ones_like(unit)
    for step in (1, 2):
        enlarged[unit * _FINEST > step] = 2 * step
    # loose hair that is rolled reaches into the corners
    field = np.float32(3.0) + np.abs(people.axes.head[0][:, 0])
    side = (np.ceil(field * enlarged / unit / _STEP) * _STEP).astype(np.int64)
    top = np.floor(people.place.y[:, 0] - side / enlarged / 2).astype(np.int64)
    left = np.floor(people.place.x[:, 0] - side / enlarged / 2).astype(np.int64)
    for size in np.unique(side).tolist():
        rows = np.flatnonzero(side == size)
        corner = (left[rows].astype(np.float32), top[rows].astype(np.float32))
        axes, place = chosen(people.axes, rows), chosen(people.place, rows)
        at = patch_of(axes, place, *corner, size, enlarged[rows][:, None])
        drawn = draw(chosen(people.sitters, rows), at)
        for place_there, row in enumerate(rows.tolist()):
            yield _Frame(row, place_there, int(top[row]), int(left[row]), int(enlarged[row])), drawn


def _body(people: People, row: int, height: int, width: int) -> list[Part]:
    """The body's part of the scene, if any."""
    one: Any = slice(row, row + 1)  # as rows it gives views, which cost less than copies
    axes, place = chosen(people.axes, one), chosen(people.place, one)
    sine, cosine = (float(each[0, 0]) for each in axes.body)
    x, y, unit = (float(each[0, 0]) for each in place)
    corners = [(u, v) for u in _BODY[:2] for v in _BODY[2:]]
    across = [x + (u * cosine - v * sine) / unit for u, v in corners]
    down = [y - (u * sine + v * cosine) / unit for u, v in corners]
    left, right = max(int(min(across)), 0), min(int(max(across)) + 1, width)
    top, bottom = max(int(min(down)), 0), min(int(max(down)) + 1, height)
    if left >= right or top >= bottom:
        return []
    at = upright_of(axes, place, left, top, right - left, bottom - top)
    layer = body(chosen(people.sitters, one), at, at.u, at.v)
    shape = (bottom - top, right - left)
    colour = np.stack([channel.reshape(shape) for channel in layer.colour])
    return [Part(top, left, colour, layer.cover.reshape(shape))]
