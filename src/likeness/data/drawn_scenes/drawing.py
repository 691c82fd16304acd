"""A scene, from the background to the nearest face and what is before it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from likeness.data.drawn_faces.render import BUFFER, keep_freed_memory
from likeness.data.drawn_scenes.backdrop import backdrop
from likeness.data.drawn_scenes.canvas import Floats, blurred, developed, smeared
from likeness.data.drawn_scenes.figures import Figure, figures, figures_from_behind
from likeness.data.drawn_scenes.part import Part, common, lay
from likeness.data.drawn_scenes.plan import Cast, backs, cast, sitting
from likeness.data.drawn_scenes.things import clutter, obstacles
from likeness.randomness import generator

_ONE = np.float32(1)


class Drawing(NamedTuple):
    """A scene: `image` uint8 `[3, H, W]`, its cast of B faces, from far to near, and how much of each is `visible` [B].

    That is the share of the face that nothing before it covers and no border cuts; what is worn covers nothing.
    """

    image: NDArray[np.uint8]
    cast: Cast
    visible: Floats


class _Face(NamedTuple):
    """Where a face is, and what is still seen of it, `[h, w]`; `area` is what there was."""

    top: int
    left: int
    seen: Floats
    area: float


def drawing(seed: int, index: int, height: int, width: int) -> Drawing:
    """Scene `index` of a seed, `height` x `width` pixels."""
    with _small_buffer():
        return drawn(seed, index, cast(seed, index, height, width), height, width)


def drawn(seed: int, index: int, faces: Cast, height: int, width: int) -> Drawing:
    """Scene `index` of a seed with these faces; what else is in it does not hang on them."""
    lots = generator("drawn_scenes", seed, index, "before")
    before = obstacles(lots, height, width) if lots.random() < 0.25 else []
    others = figures_from_behind(backs(seed, index, height, width), height, width)
    return _composed(
        generator("drawn_scenes", seed, index, "surroundings"), faces, others, before, height, width
    )


def photograph(seed: int, identity: int, image: int, height: int, width: int) -> Drawing:
    """A photograph of one of a seed's people, numbered from 0 for each of them: one face, and nothing before it."""
    with _small_buffer():
        faces = sitting(seed, identity, image, height, width)
        lots = generator("drawn_photographs", seed, identity, image, "surroundings")
        return _composed(lots, faces, [], [], height, width)


@contextmanager
def _small_buffer() -> Iterator[None]:
    """Draw in the block as `drawn_faces.render` does, with a small buffer of NumPy's and memory that is kept."""
    keep_freed_memory()
    usual = np.setbufsize(BUFFER)
    try:
        yield
    finally:
        np.setbufsize(usual)


def _composed(
    lots: Generator,
    faces: Cast,
    others: Sequence[Sequence[Part]],
    before: Sequence[Part],
    height: int,
    width: int,
) -> Drawing:
    """Faces, behind them `others` before a background, and before them the parts `before`."""
    paint = backdrop(lots, height, width)
    clutter(lots, paint)
    for part in chain.from_iterable(others):
        lay(paint, part)
    paint, seen = _with_faces(lots, paint, faces, figures(faces.people, height, width))
    for part in before:
        lay(paint, part)
        _hide(seen, part)
    visible = [_within(face, height, width) / face.area for face in seen]
    return Drawing(_filmed(lots, paint), faces, np.array(visible, np.float32))


def _with_faces(
    lots: Generator, paint: Floats, faces: Cast, drawn: Sequence[Figure]
) -> tuple[Floats, list[_Face]]:
    """The faces before the background, which may be out of focus, and with it those that are far behind the nearest."""
    blur = lots.uniform(0.5, 3.5) if lots.random() < 0.5 else 0.0
    faces_too = lots.random() < 0.3
    sharp = 2.5 * float(faces.people.place.unit.min(initial=1)) if faces_too else np.inf
    seen: list[_Face] = []
    for unit, figure in zip(faces.people.place.unit[:, 0].tolist(), drawn, strict=True):
        if blur and unit < sharp:
            paint, blur = blurred(paint, min(blur, 1.5) if seen else blur), 0.0
        for part in figure.parts:
            lay(paint, part)
            _hide(seen, part)
        head = figure.parts[-1]
        seen.append(_Face(head.top, head.left, figure.face, float(figure.face.sum())))
    return blurred(paint, blur) if blur and not seen else paint, seen


def _filmed(lots: Generator, paint: Floats) -> NDArray[np.uint8]:
    """The image: sharp or not, moved or not, light or dark, in its colours or grey."""
    if lots.random() < 0.35:
        paint = blurred(paint, lots.uniform(0.3, 1.2))
    if lots.random() < 0.05:
        paint = smeared(paint, int(lots.integers(1, 3)), lots.uniform(-1, 1))
    return developed(
        paint,
        lots,
        exposure=lots.uniform(0.5, 1.35),
        tint=lots.uniform(-1, 1),
        grain=0.03 * lots.random() * lots.random(),
        colour=0.0 if lots.random() < 0.06 else min(1.0, lots.uniform(0.4, 1.4)),
    )


def _hide(faces: Sequence[_Face], part: Part) -> None:
    """Take off the faces what a part covers of them, in place."""
    for face in faces:
        of_face, of_part = common(part.top, part.left, part.cover.shape, face.top, face.left, face.seen.shape)
        face.seen[of_face] *= _ONE - part.cover[of_part]


def _within(face: _Face, height: int, width: int) -> float:
    """How much of a face is seen within the scene."""
    of_face, _ = common(0, 0, (height, width), face.top, face.left, face.seen.shape)
    return float(face.seen[of_face].sum())
