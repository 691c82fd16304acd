"""What a single-shot detector of PyramidBox's kind stands on."""

from abc import abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn


class Trunk(nn.Module):
    """Maps at strides 4, 8, 16, 32, 64 and 128 of images normalised by `mean` and `std` (RGB in [0, 1]).

    `channels` are those of the six maps.
    """

    channels: Sequence[int]
    mean: Sequence[float]
    std: Sequence[float]

    @abstractmethod
    def forward(self, images: Tensor) -> list[Tensor]:
        """The six maps of normalised `images [B, 3, H, W]`."""
