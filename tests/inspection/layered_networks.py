"""Small networks of every kind and rank to look into."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from likeness.inspection import LayeredNetwork

CONVOLUTION = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
NORM = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
MAXIMUM = {1: nn.MaxPool1d, 2: nn.MaxPool2d, 3: nn.MaxPool3d}
MEAN = {1: nn.AvgPool1d, 2: nn.AvgPool2d, 3: nn.AvgPool3d}


class Residual(nn.Module):
    """Two branches of different reach, added, and a ReLU that is a function."""

    def __init__(self, rank: int) -> None:
        super().__init__()
        self.long = nn.Sequential(
            CONVOLUTION[rank](4, 4, 3, padding=1), nn.ReLU(), CONVOLUTION[rank](4, 4, 5, padding=2)
        )
        self.short = CONVOLUTION[rank](4, 4, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """Maps of the same size."""
        return torch.relu(self.long(maps) + self.short(maps))


def chain(rank: int, channels: int = 1) -> nn.Sequential:
    """A stride, a pooling with padding, gaps, and no padding."""
    convolution = CONVOLUTION[rank]
    return nn.Sequential(
        nn.Sequential(convolution(channels, 4, 3, stride=2, padding=1), NORM[rank](4), nn.ReLU(inplace=True)),
        MAXIMUM[rank](3, stride=2, padding=1),
        convolution(4, 4, 3, padding=2, dilation=2),
        nn.ReLU(inplace=True),
        MEAN[rank](2),
        convolution(4, 5, 2),
    )


def branched(rank: int) -> nn.Sequential:
    """A residual block between strides."""
    return nn.Sequential(
        CONVOLUTION[rank](1, 4, 3, stride=2, padding=1),
        nn.ReLU(inplace=True),
        Residual(rank),
        MAXIMUM[rank](2),
    )


SIDES = {1: (96,), 2: (48, 40), 3: (24, 28, 26)}


def layered(build: Callable[[int], nn.Module], rank: int) -> LayeredNetwork:
    """A network drawn by a seed, whose running statistics are not those of a fresh one."""
    torch.manual_seed(rank)
    network = build(rank)
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.5, 2)
    return LayeredNetwork(network, SIDES[rank], 1)
