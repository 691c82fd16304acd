"""A timm network as the trunk of a single-shot detector."""

from torch import Tensor, nn

from likeness.models.detectors.timm_maps import TimmMaps
from likeness.models.detectors.trunk import Trunk

_EXTRA = 128
"""Channels of the two maps above the network's own."""


class TimmTrunk(Trunk):
    """The maps of a timm network at strides 4 to 32, and two more stages of a 3 x 3 convolution each.

    Args:
        network: timm's name.
        weights: as `TimmMaps` takes them.

    Raises:
        ValueError: as `TimmMaps` does.
    """

    def __init__(self, network: str, weights: str | None = None) -> None:
        super().__init__()
        self.maps = TimmMaps(network, (4, 8, 16, 32), weights)
        self.mean, self.std = self.maps.mean, self.maps.std
        last = self.maps.channels[-1]
        self.extra = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(channels, _EXTRA, 3, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(_EXTRA),
                nn.ReLU(inplace=True),
            )
            for channels in (last, _EXTRA)
        )
        self.channels = (*self.maps.channels, _EXTRA, _EXTRA)

    def forward(self, images: Tensor) -> list[Tensor]:
        """The six maps of normalised `images [B, 3, H, W]`."""
        found = self.maps(images)
        for stage in self.extra:
            found = [*found, stage(found[-1])]
        return found
