"""Data-anchor-sampling: an image is resized so that a drawn face has about the size of a drawn anchor.

Tang et al., "PyramidBox", ECCV 2018, section 3.3, "Data-anchor-sampling".
"""

import numpy as np
from torch import Tensor

from likeness.data.faces import Scene
from likeness.data.square import SIDE, Square, cut, placed

ANCHORS = (16.0, 32.0, 64.0, 128.0, 256.0, 512.0)
"""Sides of anchors, `2^(4 + i)` pixels."""


def draw_anchor_sample(
    boxes: Tensor, size: tuple[int, int], draw: np.random.Generator, *, side: int = SIDE
) -> Square:
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
        face = boxes[row]
    return placed(size, scale, face, draw, side=side)


def anchor_sampled(
    scene: Scene, draw: np.random.Generator, *, side: int = SIDE, smallest: float = 4.0
) -> Scene:
    """The scene as `draw_anchor_sample` draws it, uint8 `[3, side, side]`; a pure function of the scene and the key.

    Args:
        scene: the whole image.
        draw: a generator keyed by what names the image and the epoch.
        side: of the square, in pixels.
        smallest: side of a face to be found, in pixels.
    """
    faces = scene.faces
    size = (scene.image.shape[1], scene.image.shape[2])
    drawn = draw_anchor_sample(faces.boxes[~faces.ignored], size, draw, side=side)
    return cut(scene, drawn, side=side, smallest=smallest)
