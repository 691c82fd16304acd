"""The faces of one image as a file lists them, and what a file may not say of them."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

UNKNOWN = math.nan
"""A coordinate of a point that a file does not give."""

_FARTHEST = 1e6
"""Pixels: no image reaches as far."""


class Face(NamedTuple):
    """A face: its box x1, y1, x2, y2, its five points (x, y) or none, and whether it is ignored."""

    box: tuple[float, float, float, float]
    points: Sequence[tuple[float, float]] = ()
    ignored: bool = False


class Annotation(NamedTuple):
    """The N faces of an image, in its pixels as it is seen upright.

    `boxes` float32 `[N, 4]`, `points` float32 `[N, 5, 2]` with NaN for what is unknown, `ignored` bool `[N]`, as
    `likeness.data.faces.Faces` has them.
    """

    boxes: Floats
    points: Floats
    ignored: NDArray[np.bool_]


def annotation(faces: Sequence[Face]) -> Annotation:
    """The faces of one image."""
    unknown = [(UNKNOWN, UNKNOWN)] * 5
    boxes = np.array([face.box for face in faces], np.float32).reshape(-1, 4)
    points = np.array([face.points or unknown for face in faces], np.float32).reshape(-1, 5, 2)
    return Annotation(boxes, points, np.array([face.ignored for face in faces], np.bool_))


def checked_box(numbers: Sequence[float], where: str) -> tuple[float, float, float, float]:
    """A box x1, y1, x2, y2 that has an area; raises `ValueError`, which says `where` in which file it stands."""
    x1, y1, x2, y2 = numbers
    shown = ", ".join(f"{number:g}" for number in numbers)
    if not all(abs(number) <= _FARTHEST for number in numbers):  # of NaN neither
        raise ValueError(
            f"{where} has a box that is in no image (x1, y1, x2, y2 = {shown}): mend it, or take it out."
        )
    if x2 <= x1 or y2 <= y1:
        raise ValueError(f"{where} has a box of no area (x1, y1, x2, y2 = {shown}): mend it, or take it out.")
    return x1, y1, x2, y2


def refuse_wrong_names(wanted: Sequence[object], there: Mapping[object, int], source: str) -> None:
    """Raise a `ValueError` where `wanted`, the names of what is a face, has one that `there` (how many of each) lacks.

    `source` is named.
    """
    missing = [name for name in wanted if name not in there]
    if missing:
        known = ", ".join(
            f"{name} ({count:,})" for name, count in sorted(there.items(), key=lambda each: -each[1])[:9]
        )
        raise ValueError(
            f"faces={list(wanted)}, but {source} annotates no {missing[0]}; there are {known or 'no objects at all'}: "
            "take the name from those."
        )


def number(text: str | None, where: str, what: str) -> float:
    """A number that a file gives; raises `ValueError`, which says `where` in which file, and `what` it should be."""
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{where} should give {what} as a number, but has {(text or '')[:40]!r}: mend it.")
    return value
