"""Squares of scenes to train a detector on, each a pure function of the scene and a generator."""

from collections.abc import Callable, Sequence

import numpy as np

from likeness.data.anchor_sampling import anchor_sampled
from likeness.data.faces import Faces, Scene
from likeness.data.square import SIDE, cut, placed
from likeness.landmarks import MIRRORED

Crop = Callable[[Scene, np.random.Generator], Scene]
"""From a scene and a generator, keyed by what names the image and the step, to a square of it and the faces there."""


class RandomSquares:
    """A square anywhere in an image that is scaled by one of `scales` (Hu and Ramanan 2017: 1/2, 1 and 2).

    In every second one a drawn face is wholly inside, so that faces are seen in large images too.

    Args:
        side: of the square, in pixels.
        scales: of the image, all as likely.

    Raises:
        ValueError: a number isn't above 0, or there is no scale.
    """

    def __init__(self, *, side: int = SIDE, scales: Sequence[float] = (0.5, 1.0, 2.0)) -> None:
        if side < 1 or not scales or not all(scale > 0 for scale in scales):
            raise ValueError(
                f"A square has a side and scales above 0, but side={side} and scales={list(scales)}."
            )
        self.side, self.scales = side, tuple(scales)

    def __call__(self, scene: Scene, draw: np.random.Generator) -> Scene:
        """uint8 `[3, side, side]` and the faces in it."""
        scale = float(draw.choice(self.scales))
        boxes = scene.faces.boxes[~scene.faces.ignored]
        around = draw.random() < 0.5 and len(boxes) > 0
        face = boxes[int(draw.integers(len(boxes)))] if around else None
        size = (scene.image.shape[1], scene.image.shape[2])
        return cut(scene, placed(size, scale, face, draw, side=self.side), side=self.side)


class AnchorSampling:
    """Squares by data-anchor-sampling (Tang et al. 2018, section 3.3).

    Args:
        side: of the square, in pixels.

    Raises:
        ValueError: it isn't above 0.
    """

    def __init__(self, *, side: int = SIDE) -> None:
        if side < 1:
            raise ValueError(f"A square has a side above 0, but side={side}.")
        self.side = side

    def __call__(self, scene: Scene, draw: np.random.Generator) -> Scene:
        """uint8 `[3, side, side]` and the faces in it."""
        return anchor_sampled(scene, draw, side=self.side)


def mirrored(scene: Scene) -> Scene:
    """The scene with left and right exchanged; a face's left eye is still the one at the left in the image."""
    image, (boxes, points, ignored) = scene
    width = image.shape[2]
    boxes, points = boxes.clone(), points[:, MIRRORED].clone()
    boxes[:, [0, 2]] = width - boxes[:, [2, 0]]
    points[..., 0] = width - points[..., 0]
    return Scene(image.flip(2), Faces(boxes, points, ignored))
