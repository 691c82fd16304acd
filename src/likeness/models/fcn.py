"""The fully convolutional network of Wang, Yan and Oates 2017, "Time Series Classification from Scratch"."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from likeness.models.backbone import Backbone
from likeness.models.rank import LAYERS
from likeness.spatial import SpatialSize, sides

KERNELS = (8, 5, 3)


class Padded(nn.Module):
    """Zeros on both sides of each axis, so that a convolution keeps its length; with an even kernel one more behind.

    torch's own `padding="same"` warns of even kernels.
    """

    def __init__(self, kernel: int) -> None:
        super().__init__()
        self.before, self.behind = (kernel - 1) // 2, kernel // 2

    def forward(self, maps: Tensor) -> Tensor:
        """Padded maps of maps `[B, C, *spatial]`."""
        return functional.pad(maps, [self.before, self.behind] * (maps.ndim - 2))


class Mean(nn.Module):
    """The mean of each channel over all positions: global average pooling."""

    def forward(self, maps: Tensor) -> Tensor:
        """Means `[B, C]` of maps `[B, C, *spatial]`."""
        return maps.flatten(2).mean(dim=2)


def fcn(
    *, width: int, spatial_size: SpatialSize, channels: int, mean: Sequence[float], std: Sequence[float]
) -> Backbone:
    """Three convolutions with BatchNorm and ReLU, and the mean over all positions: section II-B, for any rank.

    Their kernels are of 8, 5 and 3, and nothing is halved, so that each position is seen alike.

    Args:
        width: channels of the first and the last convolution, 128 in the paper; the second has twice as many.
        spatial_size: of the samples.
        channels: of the samples.
        mean: of the samples' channels.
        std: of the samples' channels.
    """
    layers = LAYERS[len(sides(spatial_size))]
    blocks = [
        nn.Sequential(
            Padded(kernel),
            layers.convolution(before, after, kernel, bias=False),
            layers.norm(after),
            nn.ReLU(inplace=True),
        )
        for kernel, (before, after) in zip(
            KERNELS, pairwise([channels, width, 2 * width, width]), strict=True
        )
    ]
    return Backbone(nn.Sequential(*blocks, Mean()), feature_dim=width, mean=mean, std=std)
