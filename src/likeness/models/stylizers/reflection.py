"""Reflection at the border, with a gradient that repeats to the bit on a GPU too, which PyTorch's own does not."""

import torch
from torch import Tensor, nn


class Reflection(nn.Module):
    """A border of `width` pixels that mirrors what is inside, on all four sides."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, images: Tensor) -> Tensor:
        """`[B, C, H + 2 width, W + 2 width]` of images `[B, C, H, W]` whose sides are longer than `width`."""
        return _reflect(_reflect(images, -2, self.width), -1, self.width)


def _reflect(images: Tensor, dim: int, width: int) -> Tensor:
    size = images.shape[dim]
    first = images.narrow(dim, 1, width).flip(dim)
    last = images.narrow(dim, size - 1 - width, width).flip(dim)
    return torch.cat([first, images, last], dim)
