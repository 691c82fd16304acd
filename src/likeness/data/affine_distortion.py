"""The affine distortions of Koch, Zemel and Salakhutdinov 2015, section 4.2."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torchvision.transforms import v2


class AffineDistortion(v2.Transform):
    """Turn, shear, scale and shift an image, each of the seven parts with probability one half.

    Turns and shears are by the sides, which are taken to be alike.

    The paper's are `degrees=10`, `shear=0.3`, `scale=0.2`, and a shift of 2 pixels of 105.

    Args:
        degrees: the largest angle to turn by, either way.
        shear: the largest shear along each axis, as a ratio.
        scale: the largest change of each axis's scale, as a share.
        shift: the largest shift along each axis, as a share of the side.
        fill: what lies outside of an image, in [0, 1].
    """

    def __init__(self, *, degrees: float, shear: float, scale: float, shift: float, fill: float) -> None:
        super().__init__()
        self.degrees, self.shear, self.scale, self.shift, self.fill = degrees, shear, scale, shift, fill

    def transform(self, inpt: Tensor, params: dict[str, Any]) -> Tensor:
        """An image, uint8 `[C, H, W]`, distorted about its centre (bilinear)."""
        largest = [math.radians(self.degrees), *2 * [self.shear], *2 * [self.scale], *2 * [2 * self.shift]]
        drawn = (torch.rand(7) < 0.5) * (2 * torch.rand(7) - 1) * torch.tensor(largest)
        angle, shear_x, shear_y, scale_x, scale_y, shift_x, shift_y = drawn.tolist()
        cosine, sine = math.cos(angle), math.sin(angle)
        turn = torch.tensor([[cosine, -sine], [sine, cosine]])
        stretch = torch.tensor([[1 + scale_x, shear_x], [shear_y, 1 + scale_y]])
        matrix = torch.cat([turn @ stretch, torch.tensor([[shift_x], [shift_y]])], dim=1)[None]
        ground = 255 * self.fill
        sample = inpt[None].float() - ground  # outside of the image the sampler finds 0
        grid = functional.affine_grid(matrix, list(sample.shape), align_corners=False)
        distorted = functional.grid_sample(sample, grid, align_corners=False)[0] + ground
        return distorted.round_().clamp_(0, 255).to(torch.uint8)
