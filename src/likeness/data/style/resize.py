"""Images at other sizes, their aspect kept."""

import math
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor


class Size(NamedTuple):
    """Of an image, in pixels."""

    height: int
    width: int


def size_of(image: Tensor) -> Size:
    """That of `[C, H, W]`."""
    return Size(*image.shape[1:])


def with_longer_side(size: Size, longer: int) -> Size:
    """The size with a longer side of `longer` pixels."""
    return _scaled(size, longer / max(size))


def with_shorter_side(size: Size, shorter: int) -> Size:
    """The size with a shorter side of `shorter` pixels."""
    return _scaled(size, shorter / min(size))


def with_area(size: Size, area: float) -> Size:
    """The size with about `area` pixels in all."""
    return _scaled(size, math.sqrt(area / (size.height * size.width)))


def _scaled(size: Size, factor: float) -> Size:
    return Size(*(max(1, round(side * factor)) for side in size))


def resized(image: Tensor, size: Size) -> Tensor:
    """An image, uint8 `[3, H, W]` or `[1, H, W]`, at another size: bicubic, antialiased, the same on every machine."""
    if size_of(image) == size:
        return image
    shown = Image.fromarray(image.permute(1, 2, 0).squeeze(2).numpy())
    pixels = np.array(shown.resize((size.width, size.height), Image.Resampling.BICUBIC))
    return torch.from_numpy(np.atleast_3d(pixels)).permute(2, 0, 1).contiguous()
