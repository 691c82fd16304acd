"""What differs between networks of signals, images and volumes: the layers of each spatial rank.

A network of ours is written once, with the layers that `layers_of` gives for the rank of its `spatial_size`. A 1-D
network is thus its 2-D twin with a height of 1, and a 2-D network its 3-D twin with a depth of 1.
"""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor, nn

from likeness.spatial import INTERPOLATION


class PoolOfVolumes(nn.Module):
    """The largest value of each block of a volume, by two pools of images: within slices, then across them.

    The same numbers as `nn.MaxPool3d`, whose gradient on a GPU adds up in an order that changes from run to run; that
    of the pool of images does not. Where several values of a block are equally large, the gradient may go to another
    of them.

    Args:
        kernel: the sides of a block, which is also how far apart they lie.
    """

    def __init__(self, kernel: Sequence[int]) -> None:
        super().__init__()
        depth, height, width = kernel
        self.within, self.across = nn.MaxPool2d((height, width)), nn.MaxPool2d((depth, 1))

    def forward(self, volumes: Tensor) -> Tensor:
        """Volumes `[B, C, D', H', W']` of `[B, C, D, H, W]`."""
        slices: Tensor = self.within(volumes.flatten(1, 2))
        height, width = slices.shape[2:]
        columns: Tensor = self.across(slices.view(*volumes.shape[:3], height * width))
        return columns.view(*columns.shape[:3], height, width)


class Layers(NamedTuple):
    """The layers of a spatial rank: classes to make them of, and the mode of `torch.nn.functional.interpolate`.

    `max_pool` is made of the sides of its blocks, one for each axis, and leaves no gap and no overlap between them.
    """

    convolution: type[nn.Conv1d | nn.Conv2d | nn.Conv3d]
    norm: type[nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d]
    max_pool: type[nn.MaxPool1d | nn.MaxPool2d | PoolOfVolumes]
    interpolation: str


LAYERS = {
    1: Layers(nn.Conv1d, nn.BatchNorm1d, nn.MaxPool1d, INTERPOLATION[1]),
    2: Layers(nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d, INTERPOLATION[2]),
    3: Layers(nn.Conv3d, nn.BatchNorm3d, PoolOfVolumes, INTERPOLATION[3]),
}
"""By the number of axes: 1 of signals, 2 of images, 3 of volumes."""

UNSTEADY = (
    nn.MaxPool3d,
    nn.AvgPool3d,
    nn.AdaptiveMaxPool3d,
    nn.AdaptiveAvgPool3d,
    nn.FractionalMaxPool3d,
)
"""Layers of volumes whose gradient on a GPU has other bits in each run."""


def unsteady_layer(network: nn.Module) -> str | None:
    """The name of a layer of `network` that has no deterministic gradient on a GPU, or None."""
    return next((name for name, layer in network.named_modules() if isinstance(layer, UNSTEADY)), None)


def halving(sides: Sequence[int]) -> tuple[int, ...]:
    """The sides of the blocks that halve each of `sides`; an axis of length 1 stays as it is."""
    return tuple(2 if side > 1 else 1 for side in sides)


def halved(sides: Sequence[int], times: int) -> tuple[int, ...]:
    """The lengths of axes that were halved, rounding down; one of length 1 stays as it is."""
    return tuple(side >> times if side > 1 else 1 for side in sides)
