"""Data-anchor-sampling: an image is resized so that a drawn face has about the size of a drawn anchor.

Tang et al., "PyramidBox", ECCV 2018, section 3.3, "Data-anchor-sampling".
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional

from likeness.data.faces import Faces, Scene

ANCHORS = (16.0, 32.0, 64.0, 128.0, 256.0, 512.0)
"""Sides of anchors, `2^(4 + i)` pixels."""
SIDE = 640
"""Of the square that is cut out, in pixels."""
FILL = (124, 116, 104)
"""ImageNet's mean colour, where the square reaches beyond the image."""


class AnchorSample(NamedTuple):
    """What is drawn for an image: a `scale` of its sides, and `left` and `top` of the square in the resized image."""

    scale: float
    left: float
    top: float


def draw_anchor_sample(
    boxes: Tensor, size: tuple[int, int], draw: np.random.Generator, *, side: int = SIDE
) -> AnchorSample:
    """The scale and the place of a square that holds a drawn face of one of the anchors' sizes.

    A face is drawn, s its size (the root of its area); anchor i is the nearest to it; a target is drawn of the anchors
    `0 ... min(5, i + 1)`, and a size between a half and twice of that; the image is scaled so that the face has it.
    The square lies at random among those that hold the whole face, and inside the image as far as
    that goes. Small faces are made of large ones, so they become more, and the largest fewer.

    Args:
        boxes: `[N, 4]` of faces to draw from; without one the scale is 1 and the square lies anywhere.
        size: height and width of the image.
        draw: a generator keyed by what names the image and the epoch.
        side: of the square, in pixels.
    """
    sides = (boxes[:, 2:] - boxes[:, :2]).double()
    whole = np.flatnonzero((sides > 0).all(1).numpy())
    scale, face = 1.0, None
    if len(whole):
        row = int(draw.choice(whole))
        length = float(sides[row].prod().sqrt())
        nearest = int(np.abs(np.array(ANCHORS) - length).argmin())
        target = ANCHORS[int(draw.integers(min(len(ANCHORS) - 1, nearest + 1) + 1))]
        scale = float(draw.uniform(target / 2, target * 2)) / length
        face = boxes[row].double() * scale
    left, top = (
        _start(
            scale * length,
            side,
            None if face is None else (float(face[axis]), float(face[axis + 2])),
            float(draw.random()),
        )
        for axis, length in enumerate((size[1], size[0]))
    )
    return AnchorSample(scale, left, top)


def anchor_sampled(
    scene: Scene, draw: np.random.Generator, *, side: int = SIDE, smallest: float = 4.0
) -> Scene:
    """The scene as `draw_anchor_sample` draws it, uint8 `[3, side, side]`; a pure function of the scene and the key.

    Faces whose centre lies outside are left out, and the other ones' boxes end at the border; those narrower
    or lower than `smallest` pixels are ignored. Points outside stay: a network may know where they lie.

    Args:
        scene: the whole image.
        draw: a generator keyed by what names the image and the epoch.
        side: of the square, in pixels.
        smallest: side of a face to be found, in pixels.
    """
    image, faces = scene
    height, width = image.shape[1:]
    sample = draw_anchor_sample(faces.boxes[~faces.ignored], (height, width), draw, side=side)
    if sample.scale > 1:  # a part of the image is enlarged, and not all of it
        window = max(1, round(side / sample.scale))
        corner = [round(start / sample.scale) for start in (sample.left, sample.top)]
        square = functional.resize(_window(image, corner, window), [side, side], antialias=True)
        factor = faces.boxes.new_full((2,), side / window)
        moved = faces.boxes.new_tensor(corner) * factor
    else:
        resized = [max(1, round(length * sample.scale)) for length in (height, width)]
        corner = [round(sample.left), round(sample.top)]
        square = _window(functional.resize(image, resized, antialias=True), corner, side)
        factor = faces.boxes.new_tensor([resized[1] / width, resized[0] / height])
        moved = faces.boxes.new_tensor(corner)
    boxes = faces.boxes * factor.repeat(2) - moved.repeat(2)
    points = faces.points * factor - moved
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    inside = ((centre >= 0) & (centre < side)).all(1)
    boxes = boxes.clamp(0, side)
    small = ((boxes[:, 2:] - boxes[:, :2]) < smallest).any(1)
    return Scene(square, Faces(boxes[inside], points[inside], (faces.ignored | small)[inside]))


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


def _window(image: Tensor, corner: Sequence[int], side: int) -> Tensor:
    """The square of `side` at `corner` (left, top) of the image, filled where it reaches beyond."""
    (left, top), (height, width) = corner, image.shape[1:]
    square = torch.tensor(FILL, dtype=torch.uint8)[:, None, None].repeat(1, side, side)
    x1, y1, x2, y2 = max(0, left), max(0, top), min(width, left + side), min(height, top + side)
    if x2 > x1 and y2 > y1:
        square[:, y1 - top : y2 - top, x1 - left : x2 - left] = image[:, y1:y2, x1:x2]
    return square
