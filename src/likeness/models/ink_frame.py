"""Drawings brought to one place and size: whoever draws large or in a corner draws the same letter."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class InkFrame(nn.Module):
    """Cut a drawing to the square around its ink, and resize that to `size` x `size`.

    Ink is what is darker than halfway between the lightest and the darkest of an image, so that it does not matter how
    values are normalised; the ground is the lightest. An image without ink stays whole.

    Args:
        size: the side of what comes out, in pixels.
        margin: how much longer the square's side is than the longer side of the ink's box, as a share.
    """

    def __init__(self, size: int, margin: float = 0.15) -> None:
        super().__init__()
        self.size, self.margin = size, margin

    def forward(self, images: Tensor) -> Tensor:
        """Drawings `[B, C, size, size]` of images `[B, C, H, W]`, bilinear, without gradient to the images."""
        with torch.no_grad(), torch.autocast(images.device.type, enabled=False):
            images = images.float()
            light, dark = images.amax((1, 2, 3), keepdim=True), images.amin((1, 2, 3), keepdim=True)
            ink = (images < (light + dark) / 2).any(dim=1)
            top, bottom = _ends(ink.any(dim=2))
            left, right = _ends(ink.any(dim=1))
            height, width = images.shape[2:]
            side = torch.maximum(bottom - top, right - left) * (1 + self.margin)
            zero = torch.zeros_like(side)
            box = [
                [side / width, zero, (left + right) / width - 1],
                [zero, side / height, (top + bottom) / height - 1],
            ]
            matrix = torch.stack([torch.stack(row, dim=1) for row in box], dim=1)
            shape = [*images.shape[:2], self.size, self.size]
            grid = functional.affine_grid(matrix, shape, align_corners=False)
            return functional.grid_sample(images - light, grid, align_corners=False) + light


def _ends(marked: Tensor) -> tuple[Tensor, Tensor]:
    """Where the first marked place of `[B, N]` begins and the last one ends; 0 and N where none is."""
    count = marked.shape[1]
    places = torch.arange(count, device=marked.device)
    first = torch.where(marked, places, count).amin(dim=1)
    last = torch.where(marked, places + 1, 0).amax(dim=1)
    none = ~marked.any(dim=1)
    return first.masked_fill(none, 0).float(), last.masked_fill(none, count).float()
