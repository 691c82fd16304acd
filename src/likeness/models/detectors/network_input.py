"""Images as networks take them that know ImageNet."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
"""Of ImageNet's pixels, RGB in [0, 1], with which torchvision's and timm's weights were trained."""


class Normalisation(nn.Module):
    """RGB in [0, 1] to channels of mean 0 and standard deviation 1.

    Args:
        mean: of the channels of what the network's weights were trained on.
        std: their standard deviation.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float] = MEAN, std: Sequence[float] = STD) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(std)[:, None, None], persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """`[B, 3, H, W]`."""
        return (images - self.mean) / self.std


def on_canvas(image: Tensor, multiple: int, device: torch.device) -> Tensor:
    """One image, uint8 `[3, H, W]`, as float `[1, 3, H', W']` in [0, 1]; sides are filled up to a `multiple` of pixels.

    It lies at the top left; the rest is ImageNet's mean, which is nothing to a network.
    """
    height, width = (-(-side // multiple) * multiple for side in image.shape[1:])
    canvas = torch.tensor(MEAN, device=device)[None, :, None, None].repeat(1, 1, height, width)
    canvas[0, :, : image.shape[1], : image.shape[2]] = image.to(device).float() / 255
    return canvas
