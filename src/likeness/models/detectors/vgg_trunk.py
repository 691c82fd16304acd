"""VGG-16 as the trunk of a single-shot detector: its fully connected layers as convolutions, and two stages more."""

from pathlib import Path

from torch import Tensor, nn

from likeness.models.detectors.network_input import MEAN, STD
from likeness.models.detectors.trunk import Trunk
from likeness.models.features.vgg_architecture import CHANNELS, CONVOLUTIONS, layer_names
from likeness.models.features.vgg_weights import load_vgg

FULLY_CONNECTED = 1024
"""Channels of fc6 and fc7 as convolutions, of VGG's 4096 (S3FD, section 3.1, as SSD)."""
EXTRA = ((256, 512), (128, 256))
"""Channels of conv6_1, conv6_2 and of conv7_1, conv7_2 (S3FD, figure 2)."""


class VGGTrunk(Trunk):
    """Maps at strides 4, 8, 16, 32, 64 and 128: conv3_3, conv4_3, conv5_3, fc7, conv6_2 and conv7_2 of S3FD.

    Args:
        width: channels in parts of the paper's.
        batch_norm: whether a BatchNorm follows each convolution, which a network that starts afresh needs.
    """

    mean, std = MEAN, STD

    def __init__(self, width: float = 1.0, *, batch_norm: bool = False) -> None:
        super().__init__()
        self.batch_norm = batch_norm
        blocks = [round(width * count) for count in CHANNELS]
        fc = round(width * FULLY_CONNECTED)
        extra = [(round(width * narrow), round(width * wide)) for narrow, wide in EXTRA]
        self.blocks = nn.ModuleList()
        before = 3
        for count, layers in zip(blocks, CONVOLUTIONS["vgg16"], strict=True):
            self.blocks.append(
                nn.Sequential(
                    *(
                        _convolution(before if first else count, count, 3, batch_norm=batch_norm)
                        for first in [True] + [False] * (layers - 1)
                    )
                )
            )
            before = count
        self.pool = nn.MaxPool2d(2)
        self.fc = nn.Sequential(
            # As wide as every third weight of fc6's 7 x 7 (S3FD, section 3.1): three positions apart. It starts afresh.
            _convolution(before, fc, 3, dilation=3, batch_norm=batch_norm),
            _convolution(fc, fc, 1, batch_norm=batch_norm),
        )
        self.extra = nn.ModuleList(
            nn.Sequential(
                _convolution(channels, narrow, 1, batch_norm=batch_norm),
                _convolution(narrow, wide, 3, stride=2, batch_norm=batch_norm),
            )
            for channels, (narrow, wide) in zip((fc, extra[0][1]), extra, strict=True)
        )
        self.channels = (*blocks[2:], fc, *(wide for _, wide in extra))

    def forward(self, images: Tensor) -> list[Tensor]:
        """The six maps of `images [B, 3, H, W]`."""
        found = []
        for place, block in enumerate(self.blocks):
            images = block(self.pool(images) if place else images)
            if place >= 2:
                found.append(images)
        found.append(self.fc(self.pool(images)))
        for stage in self.extra:
            found.append(stage(found[-1]))
        return found

    def load(self, weights: str | Path) -> None:
        """Take the convolutions of an ImageNet VGG-16 from `weights`: `hub`, or a file in torchvision's layout.

        Raises:
            ValueError: they can't be had or read, or are another network's, such as for one of another width.
        """
        if self.channels[:3] != CHANNELS[2:] or self.batch_norm:
            raise ValueError(
                "The weights of VGG-16 fit a trunk of width=1 without BatchNorm alone: set `width` to 1 and "
                "`batch_norm` to false, or start afresh without `weights`."
            )
        convolutions = {
            f"conv{block}_{place}": self.blocks.get_submodule(f"{block - 1}.{place - 1}.0")
            for block, layers in enumerate(CONVOLUTIONS["vgg16"], start=1)
            for place in range(1, layers + 1)
        }
        load_vgg(convolutions, "vgg16", str(weights), layer_names("vgg16"))


def _convolution(
    channels_in: int, channels_out: int, side: int, *, batch_norm: bool, stride: int = 1, dilation: int = 1
) -> nn.Sequential:
    convolution = nn.Conv2d(
        channels_in, channels_out, side, stride, padding=dilation * (side // 2), dilation=dilation
    )
    nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")  # keeps the scale (He et al. 2015)
    assert convolution.bias is not None
    nn.init.zeros_(convolution.bias)
    norm = [nn.BatchNorm2d(channels_out)] if batch_norm else []
    return nn.Sequential(convolution, *norm, nn.ReLU(inplace=True))
