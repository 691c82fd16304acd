"""What every detector of faces takes and gives."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor


class Detections(NamedTuple):
    """The faces found in one image, the surest first.

    `boxes [N, 4]` float32 are continuous `x1, y1, x2, y2` in pixels: (0, 0) is the outer corner of the first pixel, and
    the width is x2 - x1. `scores [N]` float32 lie in [0, 1]. `points [N, 5, 2]` float32 are x and y of the left and the
    right eye, the nose, the left and the right corner of the mouth, as seen in the image, or NaN.
    """

    boxes: Tensor
    scores: Tensor
    points: Tensor


class Detector(Protocol):
    """Finds the faces of images; those of one image don't depend on the others in the batch."""

    def __call__(self, images: Sequence[Tensor]) -> list[Detections]:
        """The faces of each of `images`, uint8 `[3, H, W]` of any sizes; N is 0 where there is none."""
        ...


def check_images(images: Sequence[Tensor]) -> None:
    """Refuse what is not an image.

    Raises:
        ValueError: one of `images` isn't uint8 `[3, H, W]` with at least one pixel.
    """
    for place, image in enumerate(images):
        if not isinstance(image, Tensor):
            raise ValueError(
                f"A detector takes tensors, but `images[{place}]` is a {type(image).__name__}: make it uint8 [3, H, W]."
            )
        if image.dtype != torch.uint8 or image.ndim != 3 or len(image) != 3 or image.numel() == 0:
            raise ValueError(
                f"A detector takes images as uint8 [3, H, W], but `images[{place}]` is {image.dtype} "
                f"{list(image.shape)}: give a sequence of such, with values from 0 to 255."
            )
