"""A square of a scaled scene, and the faces in it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional

from likeness.data.faces import Faces, Scene

SIDE = 640
"""Of the square that is cut out, in pixels (Tang et al. 2018)."""
FILL = (124, 116, 104)
"""ImageNet's mean colour, where the square reaches beyond the image."""


class Square(NamedTuple):
    """A `scale` of an image's sides, and `left` and `top` of a square in the resized image."""

    scale: float
    left: float
    top: float


def placed(
    size: tuple[int, int], scale: float, face: Tensor | None, draw: np.random.Generator, *, side: int = SIDE
) -> Square:
    """A square at random among those that hold the whole face, and inside the image as far as that goes.

    Args:
        size: height and width of the image.
        scale: of its sides.
        face: x1, y1, x2, y2 in the image; None: the square lies anywhere.
        draw: where.
        side: of the square, in pixels.
    """
    box = None if face is None else scale * face.double()
    left, top = (
        _start(
            scale * length,
            side,
            None if box is None else (float(box[axis]), float(box[axis + 2])),
            float(draw.random()),
        )
        for axis, length in enumerate((size[1], size[0]))
    )
    return Square(scale, left, top)


def cut(scene: Scene, square: Square, *, side: int = SIDE, smallest: float = 4.0) -> Scene:
    """What lies in the square of a scene: uint8 `[3, side, side]`, and the faces in it.

    Boxes end at the border. Faces whose centre lies outside are ignored, since what is left of them is neither a face
    to be found nor background, and so are those narrower or lower than `smallest` pixels. Points outside stay: a
    network may know where they lie.

    Args:
        scene: the whole image.
        square: where.
        side: of the square, in pixels.
        smallest: side of a face to be found, in pixels.
    """
    image, faces = scene
    height, width = image.shape[1:]
    if square.scale > 1:  # a part of the image is enlarged, and not all of it
        window = max(1, round(side / square.scale))
        corner = [round(start / square.scale) for start in (square.left, square.top)]
        pixels = functional.resize(_window(image, corner, window), [side, side], antialias=True)
        factor = faces.boxes.new_full((2,), side / window)
        moved = faces.boxes.new_tensor(corner) * factor
    else:
        resized = [max(1, round(length * square.scale)) for length in (height, width)]
        corner = [round(square.left), round(square.top)]
        pixels = _window(functional.resize(image, resized, antialias=True), corner, side)
        factor = faces.boxes.new_tensor([resized[1] / width, resized[0] / height])
        moved = faces.boxes.new_tensor(corner)
    boxes = faces.boxes * factor.repeat(2) - moved.repeat(2)
    points = faces.points * factor - moved
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    beyond = ((centre < 0) | (centre >= side)).any(1)
    boxes = boxes.clamp(0, side)
    sides = boxes[:, 2:] - boxes[:, :2]
    seen, small = (sides > 0).all(1), (sides < smallest).any(1)
    return Scene(pixels, Faces(boxes[seen], points[seen], (faces.ignored | small | beyond)[seen]))


def _window(image: Tensor, corner: Sequence[int], side: int) -> Tensor:
    """The square of `side` at `corner` (left, top) of the image, filled where it reaches beyond."""
    (left, top), (height, width) = corner, image.shape[1:]
    square = torch.tensor(FILL, dtype=torch.uint8)[:, None, None].repeat(1, side, side)
    x1, y1, x2, y2 = max(0, left), max(0, top), min(width, left + side), min(height, top + side)
    if x2 > x1 and y2 > y1:
        square[:, y1 - top : y2 - top, x1 - left : x2 - left] = image[:, y1:y2, x1:x2]
    return square


def _start(length: float, side: int, face: tuple[float, float] | None, drawn: float) -> float:
    """Where the square starts along one axis of `length`: within the image, and so that it holds the face."""
    low, high = min(0.0, length - side), max(0.0, length - side)
    if face is not None:
        # A face larger than the square: its middle is what the square holds.
        begin, end = face if face[1] - face[0] <= side else ((sum(face) - side) / 2, (sum(face) + side) / 2)
        begin, end = max(begin, 0.0), min(end, max(length, float(side)))
        low, high = max(low, end - side), min(high, begin)
        if low > high:
            low = high = (end + begin - side) / 2
    return low + drawn * (high - low)
