"""The three networks of MTCNN.

Zhang, Zhang, Li and Qiao, "Joint face detection and alignment using multi-task cascaded convolutional networks", IEEE
Signal Processing Letters 23(10), 2016, figure 2. Names and order of the parameters are those of the weight files that
carry the authors' weights over to PyTorch.

All take RGB values v from 0 to 255 as (v - 127.5) / 128. Offsets are those of a face's left, top, right and bottom edge
from the window's, in parts of the window's side; points are x and y in parts of the side, from its left top corner.
"""

from typing import NamedTuple

from torch import Tensor, nn


class Proposals(NamedTuple):
    """What P-Net says of each window: `logits [B, 2, h, w]` of no face and a face, `offsets [B, 4, h, w]`."""

    logits: Tensor
    offsets: Tensor


class Refinements(NamedTuple):
    """What R-Net says of each window: `logits [B, 2]` of no face and a face, `offsets [B, 4]`."""

    logits: Tensor
    offsets: Tensor


class Outputs(NamedTuple):
    """What O-Net says of each window: `logits [B, 2]`, `offsets [B, 4]`, `points [B, 5, 2]` (eyes, nose, mouth)."""

    logits: Tensor
    offsets: Tensor
    points: Tensor


def flattened(maps: Tensor) -> Tensor:
    """`[B, C, H, W]` as `[B, W * H * C]`: the authors' layout, whose columns come first."""
    return maps.permute(0, 3, 2, 1).flatten(1)


class ProposalNetwork(nn.Module):
    """P-Net: images `[B, 3, H, W]` of at least 12 pixels a side; a window of 12 at every second pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 10, 3)
        self.prelu1 = nn.PReLU(10)
        self.pool1 = nn.MaxPool2d(2, 2, ceil_mode=True)
        self.conv2 = nn.Conv2d(10, 16, 3)
        self.prelu2 = nn.PReLU(16)
        self.conv3 = nn.Conv2d(16, 32, 3)
        self.prelu3 = nn.PReLU(32)
        self.conv4_1 = nn.Conv2d(32, 2, 1)
        self.conv4_2 = nn.Conv2d(32, 4, 1)

    def forward(self, images: Tensor) -> Proposals:
        """Logits `[B, 2, h, w]` and offsets `[B, 4, h, w]`; h = ceil(H / 2) - 5, w likewise."""
        maps = self.pool1(self.prelu1(self.conv1(images)))
        maps = self.prelu3(self.conv3(self.prelu2(self.conv2(maps))))
        return Proposals(self.conv4_1(maps), self.conv4_2(maps))


class RefinementNetwork(nn.Module):
    """R-Net: windows `[B, 3, 24, 24]`."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 28, 3)
        self.prelu1 = nn.PReLU(28)
        self.pool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv2 = nn.Conv2d(28, 48, 3)
        self.prelu2 = nn.PReLU(48)
        self.pool2 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv3 = nn.Conv2d(48, 64, 2)
        self.prelu3 = nn.PReLU(64)
        self.dense4 = nn.Linear(64 * 3 * 3, 128)
        self.prelu4 = nn.PReLU(128)
        self.dense5_1 = nn.Linear(128, 2)
        self.dense5_2 = nn.Linear(128, 4)

    def forward(self, windows: Tensor) -> Refinements:
        """Logits `[B, 2]` and offsets `[B, 4]`."""
        maps = self.pool1(self.prelu1(self.conv1(windows)))
        maps = self.pool2(self.prelu2(self.conv2(maps)))
        maps = self.prelu3(self.conv3(maps))
        features = self.prelu4(self.dense4(flattened(maps)))
        return Refinements(self.dense5_1(features), self.dense5_2(features))


class OutputNetwork(nn.Module):
    """O-Net: windows `[B, 3, 48, 48]`."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 3)
        self.prelu1 = nn.PReLU(32)
        self.pool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.prelu2 = nn.PReLU(64)
        self.pool2 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv3 = nn.Conv2d(64, 64, 3)
        self.prelu3 = nn.PReLU(64)
        self.pool3 = nn.MaxPool2d(2, 2, ceil_mode=True)
        self.conv4 = nn.Conv2d(64, 128, 2)
        self.prelu4 = nn.PReLU(128)
        self.dense5 = nn.Linear(128 * 3 * 3, 256)
        self.prelu5 = nn.PReLU(256)
        self.dense6_1 = nn.Linear(256, 2)
        self.dense6_2 = nn.Linear(256, 4)
        self.dense6_3 = nn.Linear(256, 10)

    def forward(self, windows: Tensor) -> Outputs:
        """Logits `[B, 2]`, offsets `[B, 4]` and points `[B, 5, 2]`."""
        maps = self.pool1(self.prelu1(self.conv1(windows)))
        maps = self.pool2(self.prelu2(self.conv2(maps)))
        maps = self.pool3(self.prelu3(self.conv3(maps)))
        maps = self.prelu4(self.conv4(maps))
        features = self.prelu5(self.dense5(flattened(maps)))
        points = (
            self.dense6_3(features).unflatten(1, (2, 5)).transpose(1, 2)
        )  # the file has five x, then five y
        return Outputs(self.dense6_1(features), self.dense6_2(features), points)
