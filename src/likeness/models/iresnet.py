"""The residual networks of ArcFace (Deng et al. 2019, section 3.1), for aligned faces of 112 pixels."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor, nn

from likeness.models.backbone import Backbone
from likeness.spatial import SpatialSize, height_and_width

Depth = Literal[18, 34, 50, 100, 200]

BLOCKS: dict[Depth, tuple[int, int, int, int]] = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 14, 3),
    100: (3, 13, 30, 3),
    200: (6, 26, 60, 6),
}
WIDTHS = (64, 128, 256, 512)


class Block(nn.Module):
    """BatchNorm, convolution, BatchNorm, PReLU, convolution, BatchNorm, and the input added; the second may halve.

    Nothing follows the addition, so that the identity is kept from the first block to the last.
    """

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            nn.BatchNorm2d(channels_in),
            nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels_out),
            nn.PReLU(channels_out),
            nn.Conv2d(channels_out, channels_out, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(channels_out),
        )
        self.shortcut = (
            nn.Identity()
            if stride == 1 and channels_in == channels_out
            else nn.Sequential(
                nn.Conv2d(channels_in, channels_out, 1, stride=stride, bias=False),
                nn.BatchNorm2d(channels_out),
            )
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Maps `[B, channels_out, H / stride, W / stride]` of maps `[B, channels_in, H, W]`."""
        added: Tensor = self.shortcut(maps) + self.residual(maps)
        return added


def iresnet(
    *,
    depth: Depth,
    spatial_size: SpatialSize,
    channels: int,
    mean: Sequence[float],
    std: Sequence[float],
) -> Backbone:
    """Four stages that halve, `[B, channels, 112, 112]` to the 25,088 features of a 7 x 7 map.

    The paper's last layers, dropout, a fully connected layer and BatchNorm, are the embedder's: `embedding_dim=512`,
    `batch_norm=true`. Convolutions begin from N(0, 0.1^2), as in the authors' code.
    """
    sides = height_and_width(spatial_size, "IResNet")
    stem = nn.Sequential(
        nn.Conv2d(channels, WIDTHS[0], 3, padding=1, bias=False),
        nn.BatchNorm2d(WIDTHS[0]),
        nn.PReLU(WIDTHS[0]),
    )
    inputs = (WIDTHS[0], *WIDTHS[:-1])
    stages = [
        nn.Sequential(
            Block(before, width, stride=2), *(Block(width, width, stride=1) for _ in range(blocks - 1))
        )
        for before, width, blocks in zip(inputs, WIDTHS, BLOCKS[depth], strict=True)
    ]
    network = nn.Sequential(stem, *stages, nn.BatchNorm2d(WIDTHS[-1]), nn.Flatten())
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, 0.0, 0.1)
    height, width = (-(-side // 2 ** len(WIDTHS)) for side in sides)
    return Backbone(network, feature_dim=WIDTHS[-1] * height * width, mean=mean, std=std)
