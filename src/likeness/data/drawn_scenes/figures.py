"""People in their places: parts of a scene's pixels, to be laid over it from far to near."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

import numpy as np

from likeness.data.drawn_faces.draws import Plane
from likeness.data.drawn_faces.rows import chosen
from likeness.data.drawn_scenes.canvas import Floats
from likeness.data.drawn_scenes.part import Part
from likeness.data.drawn_scenes.portrait import Layer, Sitter, backs_of_heads, body, heads
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
    for row, frame, head in _framed(people, heads):
        parts = [frame.part(head.hair), *_body(people, row, height, width), frame.part(head.head)]
        found[row] = Figure(parts, frame.mean(head.face))
    return [found[row] for row in range(len(people.place.x))]


def figures_from_behind(people: People, height: int, width: int) -> list[list[Part]]:
    """The people, who turn their backs: they have no face."""
    found: dict[int, list[Part]] = {}
    for row, frame, head in _framed(people, backs_of_heads):
        found[row] = [*_body(people, row, height, width), frame.part(head)]
    return [found[row] for row in range(len(people.place.x))]


class _Frame(NamedTuple):
    """Where one head's pixels are in the scene, and how much finer they were drawn."""

    top: int
    left: int
    enlarged: int

    def mean(self, plane: Plane) -> Floats:
        """One row of a block `[1, N]`, at the scene's size `[h, w]`."""
        side = round(plane.size**0.5) // self.enlarged
        fine: Floats = plane.reshape(side, self.enlarged, side, self.enlarged)
        return fine[:, 0, :, 0] if self.enlarged == 1 else fine.mean(axis=(1, 3), dtype=np.float32)

    def part(self, layer: Layer) -> Part:
        """A layer of one row, as a part of the scene."""
        colour = np.stack([self.mean(channel) for channel in layer.colour])
        return Part(self.top, self.left, colour, self.mean(layer.cover))


def _framed(people: People, draw: Callable[[Sitter, Patch], T]) -> Iterator[tuple[int, _Frame, T]]:
    """Each person's row, frame and what `draw` gives for them; those whose frames have one size are drawn together."""
    unit = people.place.unit[:, 0]
    enlarged = np.ones_like(unit)
    for step in (1, 2, 4):
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
        for number, row in enumerate(rows.tolist()):
            frame = _Frame(int(top[row]), int(left[row]), int(enlarged[row]))
            yield row, frame, chosen(drawn, np.array([number]))


def _body(people: People, row: int, height: int, width: int) -> list[Part]:
    """The body's part of the scene, if any."""
    one = np.array([row])
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
