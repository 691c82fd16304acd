"""Anchors: boxes on a grid, from each of which a network says whether it shows a face and where that lies exactly."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from likeness.models.detectors.torchvision_private import AnchorGenerator


class AnchorOutputs(NamedTuple):
    """What a network says of A anchors.

    `log_odds [B, A]` float32 that an anchor shows a face, `offsets [B, A, 4]` float32 of the face from it (`encode`),
    and the `anchors [A, 4]` themselves, x1, y1, x2, y2 in pixels of the images.
    """

    log_odds: Tensor
    offsets: Tensor
    anchors: Tensor


def grid_anchors(
    sizes: Sequence[Tensor], grids: Sequence[Sequence[int]], strides: Sequence[int], device: torch.device
) -> Tensor:
    """Anchors `[A, 4]` of all grids, one after the other: rows, columns, sizes, the last the fastest.

    Each is centred on its cell: at `(column + 1/2) stride`.

    Args:
        sizes: for each grid `[K, 2]`, width and height in pixels of its K anchors in each cell.
        grids: the rows and columns of each.
        strides: the side of a cell of each, in pixels.
        device: of the anchors.
    """
    generator = AnchorGenerator()
    generator.cell_anchors = [
        (stride / 2 + torch.cat([-size / 2, size / 2], 1)).to(device)
        for size, stride in zip(sizes, strides, strict=True)
    ]
    steps = [[torch.tensor(stride, device=device)] * 2 for stride in strides]
    return torch.cat(generator.grid_anchors([list(grid) for grid in grids], steps))


def by_anchor(maps: Tensor, channels: int) -> Tensor:
    """Maps `[B, K * channels, H, W]` as `[B, H * W * K, channels]`, in the order of `grid_anchors`."""
    batch, _, height, width = maps.shape
    return maps.reshape(batch, -1, channels, height, width).permute(0, 3, 4, 1, 2).flatten(1, 3)


def scaled(boxes: Tensor, factor: float) -> Tensor:
    """Boxes `[N, 4]` with their sides times `factor`, about their centres."""
    centre, half = (boxes[:, :2] + boxes[:, 2:]) / 2, factor * (boxes[:, 2:] - boxes[:, :2]) / 2
    return torch.cat([centre - half, centre + half], 1)
