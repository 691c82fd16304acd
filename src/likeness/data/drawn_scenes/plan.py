"""Who stands where in a scene: as many, as large and as close as photographs have them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from likeness.data.drawn_faces.conditions import Conditions
from likeness.data.drawn_faces.draws import draw, image_keys, person_keys
from likeness.data.drawn_faces.identity import Person
from likeness.data.drawn_faces.rows import chosen
from likeness.data.drawn_scenes.canvas import Floats
from likeness.data.drawn_scenes.cloth import Cloth
from likeness.data.drawn_scenes.figures import People
from likeness.data.drawn_scenes.mask import Mask
from likeness.data.drawn_scenes.portrait import Sitter
from likeness.data.drawn_scenes.pose import Place, axes_of, box_around, face_of, in_scene, points_of
from likeness.randomness import generator

SMALLEST = 8.0
"""Pixels: the height of the smallest faces."""

MOST = 24
"""Faces in a scene."""

_TRIES = 10
_STRADDLES, _CROWDS = 0.12, 0.12
"""The shares of faces that are put over the border, and wherever the first try falls, on top of others or not."""


class Company(NamedTuple):
    """A number of faces, at least and at most, and the heights of their faces as shares of the scene's height."""

    share: float
    fewest: int
    most: int
    smallest: float
    largest: float


COMPANIES = (
    Company(0.12, 0, 0, 0, 0),
    Company(0.18, 1, 2, 0.15, 0.85),
    Company(0.40, 2, 7, 0.06, 0.40),
    Company(0.30, 6, MOST, 0.0, 0.13),
)
"""The kinds of scenes, and how frequent they are: no face, a portrait, a group, a crowd."""

_UP_TO = np.cumsum([company.share for company in COMPANIES])
_ANY = Company(0.0, 0, 0, 0.0, 0.5)
_ALONE = Company(0.0, 1, 1, 0.2, 0.6)
_LEVEL = 0.06
_NUMBERS = 64
"""Numbers of people that a scene has to itself."""


class Cast(NamedTuple):
    """The faces of a scene, from far to near.

    `boxes` `[B, 4]` and `points` `[B, 5, 2]` are in pixels of the scene, wherever its borders are; `identity [B]` tells
    who it is of all the seed's people.
    """

    people: People
    boxes: Floats
    points: Floats
    identity: NDArray[np.int64]


def cast(seed: int, index: int, height: int, width: int) -> Cast:
    """The faces of scene `index` of a seed, of `height` x `width` pixels."""
    lots = generator("drawn_scenes", seed, index, "cast")
    company = COMPANIES[int(np.searchsorted(_UP_TO, lots.random(), side="right"))]
    count = int(lots.integers(company.fewest, company.most + 1))
    people = _people(seed, index * _NUMBERS + np.arange(count), lots)
    flat = _flat_boxes(people)
    sizes = np.array([_size(lots, company, height) for _ in range(count)], np.float32)
    placed, taken = list[tuple[float, ...]](), np.zeros((0, 4), np.float32)
    for face in np.argsort(-sizes, kind="stable").tolist():
        unit = float((flat[face, 3] - flat[face, 1]) / sizes[face])
        straddles, crowds = lots.random() < _STRADDLES, lots.random() < _CROWDS
        for _ in range(_TRIES):
            x, y = _spot(lots, flat[face] / unit, height, width, straddling=straddles)
            box = flat[face] / np.float32(unit) + np.array([x, y, x, y], np.float32)
            if crowds or not _hidden(box, taken):
                placed.append((face, x, y, unit))
                taken = np.concatenate([taken, box[None]])
                break
    rows, people = _placed(people, placed[::-1])
    return _cast(people, index * _NUMBERS + rows)


def sitting(seed: int, identity: int, image: int, height: int, width: int) -> Cast:
    """One of a seed's people alone, under the conditions of that image of `drawn_faces`, all of the face in the scene.

    The camera is level but for a few degrees, and no mask is worn.
    """
    lots = generator("drawn_photographs", seed, identity, image, "place")
    number = np.array([identity], np.int64)
    person = person_keys(seed, number)
    key = image_keys(person, np.array([image], np.int64))
    bare, how = replace(draw(Mask, key), worn=np.zeros((1, 1), np.float32)), draw(Conditions, key)
    sitters = Sitter(draw(Person, person), how, bare, draw(Cloth, key), person, key)
    people = _unplaced(sitters, lots.uniform(-_LEVEL, _LEVEL))
    flat = _flat_boxes(people)[0]
    unit = float(flat[3] - flat[1]) / _size(lots, _ALONE, height)
    x, y = _spot(lots, flat / np.float32(unit), height, width, straddling=False)
    return _cast(_placed(people, [(0, x, y, unit)])[1], number)


def _cast(people: People, identity: NDArray[np.int64]) -> Cast:
    """People in their places, with their boxes and points."""
    if not len(identity):
        return Cast(people, np.zeros((0, 4), np.float32), np.zeros((0, 5, 2), np.float32), identity)
    sitters, axes, place = people
    points = np.stack(in_scene(axes, place, *points_of(axes, sitters.who, sitters.how)), axis=2)
    boxes = box_around(*in_scene(axes, place, *face_of(axes, sitters.who)))
    return Cast(people, boxes, points, identity)


def _flat_boxes(people: People) -> Floats:
    """The boxes `[B, 4]` of people who are not yet placed, in head units, around the skull's centre."""
    return box_around(*in_scene(people.axes, people.place, *face_of(people.axes, people.sitters.who)))


def backs(seed: int, index: int, height: int, width: int) -> People:
    """People behind those of scene `index`, who turn their backs; in most scenes there are none."""
    lots = generator("drawn_scenes", seed, index, "backs")
    count = int(lots.integers(1, 6)) if lots.random() < 0.3 else 0
    people = _people(seed, index * _NUMBERS + MOST + np.arange(count), lots)
    places = [
        (row, lots.random() * width, lots.uniform(0.1, 0.9) * height, 1.7 / _size(lots, _ANY, height))
        for row in range(count)
    ]
    return _placed(people, sorted(places, key=lambda place: -place[3]))[1]


def _placed(people: People, placed: Sequence[tuple[float, ...]]) -> tuple[NDArray[np.intp], People]:
    """Those of the people who found a place (row, x, y, unit), in that order, and their rows."""
    rows = np.array([place[0] for place in placed], np.intp)
    columns = np.array([place[1:] for place in placed], np.float32).reshape(-1, 3)
    place = Place(*(np.ascontiguousarray(columns[:, k, None]) for k in range(3)))
    return rows, People(chosen(people.sitters, rows), chosen(people.axes, rows), place)


def _people(seed: int, number: NDArray[np.int64], lots: Generator) -> People:
    """Some of a seed's people, not yet placed, in one light and under one camera."""
    sitters = _sitters(seed, number, lots)
    return _unplaced(sitters, _roll(lots))


def _unplaced(sitters: Sitter, roll: float) -> People:
    """People at the origin, whose pixels are head units."""
    nowhere = np.zeros_like(sitters.how.turn)
    axes = axes_of(sitters.how, nowhere + np.float32(roll))
    return People(sitters, axes, Place(nowhere, nowhere, nowhere + np.float32(1)))


def _sitters(seed: int, identity: NDArray[np.int64], lots: Generator) -> Sitter:
    """The people, in one light for all, turned and nodding further than those of `drawn_faces`."""
    count = len(identity)
    person = person_keys(seed, identity)
    image = image_keys(person, np.zeros(count, np.int64))
    how = draw(Conditions, image)
    far = (lots.random((count, 1)) < 0.5).astype(np.float32)
    how = replace(
        how,
        turn=how.turn * (1 + far),
        nod=how.nod * (1 + far),
        roll=how.roll * (1 + 2 * far),
        **{name: np.repeat(getattr(how, name)[:1], count, axis=0) for name in _SHARED},
    )
    return Sitter(draw(Person, person), how, draw(Mask, image), draw(Cloth, image), person, image)


_SHARED = ("light_x", "light_y", "key_light", "ambient", "warmth", "fill_warmth")


def _roll(lots: Generator) -> float:
    """The camera's roll, the tangent of half the angle: mostly a few degrees, of some up to 44."""
    return lots.uniform(-0.4, 0.4) if lots.random() < 0.15 else lots.uniform(-_LEVEL, _LEVEL)


def _size(lots: Generator, company: Company, height: int) -> float:
    """A face's height in pixels: evenly by octaves, within one evenly."""
    low, high = max(SMALLEST, company.smallest * height), max(SMALLEST, company.largest * height)
    octaves = 1
    while low * 2**octaves < high:
        octaves += 1
    while True:
        size = low * 2 ** int(lots.integers(octaves)) * lots.uniform(1, 2)
        if size <= max(high, 1.5 * low):
            return size


def _spot(lots: Generator, box: Floats, height: int, width: int, *, straddling: bool) -> tuple[float, float]:
    """Where the skull's centre may be, of which `box` is the face's: the face in the scene, or over its border."""
    spot = []
    over = int(lots.integers(4)) if straddling else -1
    for axis, side in enumerate((width, height)):
        low, high = -float(box[axis]), side - float(box[axis + 2])
        if over == axis or over == axis + 2:
            part = lots.uniform(0.1, 0.7) * float(box[axis + 2] - box[axis])
            spot.append(low - part if over == axis else high + part)
        else:
            spot.append(lots.uniform(low, high) if high > low else (low + high) / 2)
    return spot[0], spot[1]


def _hidden(box: Floats, taken: Floats) -> bool:
    """Whether a face is much covered by nearer faces or by the bodies below them, as if the camera were level."""
    wide, high = taken[:, 2] - taken[:, 0], taken[:, 3] - taken[:, 1]
    across = np.minimum(box[2], taken[:, 2] + 0.5 * wide) - np.maximum(box[0], taken[:, 0] - 0.5 * wide)
    down = box[3] - np.maximum(box[1], taken[:, 1] - 0.2 * high)
    covered = np.clip(across, 0, None) * np.clip(down, 0, None)
    return bool((covered > 0.35 * (box[2] - box[0]) * (box[3] - box[1])).any())
