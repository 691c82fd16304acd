"""PyramidBox: a single-shot detector whose training knows that faces come with heads and bodies.

Tang, Du, He and Liu, "PyramidBox: A context-assisted single shot face detector", ECCV 2018. Its trunk is that of S3FD
(Zhang et al., "S3FD: Single shot scale-invariant face detector", ICCV 2017).
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from likeness.models.detectors.anchors import AnchorOutputs, by_anchor, grid_anchors
from likeness.models.detectors.max_in_out import max_in_out
from likeness.models.detectors.network_input import Normalisation
from likeness.models.detectors.timm_trunk import TimmTrunk
from likeness.models.detectors.torchvision_private import Weights
from likeness.models.detectors.trunk import Trunk
from likeness.models.detectors.vgg_trunk import VGGTrunk

STRIDES = (4, 8, 16, 32, 64, 128)
ANCHORS = (16, 32, 64, 128, 256, 512)
"""One square anchor in each cell, four cells wide (S3FD, table 1)."""
NORMS = (10.0, 8.0, 5.0)
"""To which the maps of the low-level pyramid are scaled at first (S3FD, section 3.1)."""
NEGATIVES = (3, 1, 1, 1, 1, 1)
LOGITS = 4
"""For a face and for background: three are for background on the finest map, for faces elsewhere ("max-in-out")."""
PARTS = ("face", "head", "body")
"""What an anchor is trained to find: k = 0, 1, 2 of the pyramid anchors, each `ENLARGED` as large as the one before."""
ENLARGED = 2
"""s_pa of the paper, the stride of pyramid anchors."""


class PyramidBoxOutputs(NamedTuple):
    """What the network says of faces, and in training of the heads and bodies around them."""

    face: AnchorOutputs
    head: AnchorOutputs
    body: AnchorOutputs


class PyramidBox(nn.Module):
    """Six maps of anchors from 16 to 512 pixels; images have sides that are multiples of 128.

    Args:
        trunk: gives the maps.
        width: channels of the context modules in parts of the paper's.
        low_level_pyramid: whether maps of small strides see those above them (section 3.2); without it each is alone.
    """

    multiple = STRIDES[-1]
    box_weights: Weights = (10.0, 10.0, 5.0, 5.0)
    """SSD's variances .1 and .2."""

    def __init__(self, trunk: Trunk, *, width: float = 1.0, low_level_pyramid: bool = True) -> None:
        super().__init__()
        self.normalisation = Normalisation(trunk.mean, trunk.std)
        self.trunk = trunk
        channels = trunk.channels
        # From the middle of the trunk down: the field of a higher map is wider than a small face needs.
        merged = (2, 1, 0) if low_level_pyramid else ()
        self.merges = nn.ModuleList(_Merge(channels[place + 1], channels[place]) for place in merged)
        self.norms = nn.ModuleList(
            _L2Norm(count, norm) for count, norm in zip(channels[:3], NORMS, strict=True)
        )
        contexts = [_Context(count, width) for count in channels]
        self.predictors = nn.ModuleList(
            nn.Conv2d(context.channels, LOGITS + 4 + 2 * (2 + 4), 3, padding=1) for context in contexts
        )
        self.contexts = nn.ModuleList(contexts)

    def maps(self, images: Tensor) -> list[Tensor]:
        """The maps that are predicted from, at strides 4 to 128, of `images [B, 3, H, W]` in [0, 1]."""
        maps = self.trunk(self.normalisation(images))
        for place, merge in zip((2, 1, 0), self.merges, strict=False):  # none without the pyramid
            maps[place] = merge(maps[place + 1], maps[place])
        low = [norm(each) for norm, each in zip(self.norms, maps, strict=False)]
        return [context(each) for context, each in zip(self.contexts, [*low, *maps[3:]], strict=True)]

    def forward(self, images: Tensor) -> PyramidBoxOutputs:
        """Of `images`, float `[B, 3, H, W]` in [0, 1]."""
        raw = [predict(each) for predict, each in zip(self.predictors, self.maps(images), strict=True)]
        anchors = grid_anchors(
            [torch.full((1, 2), float(size)) for size in ANCHORS],
            [each.shape[2:] for each in raw],
            STRIDES,
            images.device,
        )
        rows = [by_anchor(each, each.shape[1]).float() for each in raw]
        face = [max_in_out(row[..., :LOGITS], negatives=n) for row, n in zip(rows, NEGATIVES, strict=True)]
        every = torch.cat(rows, 1)
        face_offsets, head, head_offsets, body, body_offsets = torch.split(
            every[..., LOGITS:], [4, 2, 4, 2, 4], -1
        )
        return PyramidBoxOutputs(
            AnchorOutputs(torch.cat(face, 1), face_offsets, anchors),
            AnchorOutputs(max_in_out(head, negatives=1), head_offsets, anchors),
            AnchorOutputs(max_in_out(body, negatives=1), body_offsets, anchors),
        )

    def faces(self, images: Tensor) -> AnchorOutputs:
        """What is said of faces alone."""
        return self(images).face


class _Merge(nn.Module):
    """A block of the low-level feature pyramid (figure 3a): the product of a map with the one above."""

    def __init__(self, channels_above: int, channels: int) -> None:
        super().__init__()
        self.above = nn.Conv2d(channels_above, channels, 1)
        self.own = nn.Conv2d(channels, channels, 1)

    def forward(self, above: Tensor, maps: Tensor) -> Tensor:
        wide = functional.interpolate(
            self.above(above), size=maps.shape[2:], mode="bilinear", align_corners=False
        )
        return self.own(maps) * wide


class _L2Norm(nn.Module):
    """Each position's channels divided by their Euclidean norm, times a trained scale (Liu et al. 2015, ParseNet)."""

    def __init__(self, channels: int, norm: float) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((channels,), norm))

    def forward(self, maps: Tensor) -> Tensor:
        return functional.normalize(maps.float(), dim=1, eps=1e-6) * self.scale[:, None, None]


class _Context(nn.Module):
    """The context-sensitive prediction module (figure 3b).

    SSH's context module (Najibi et al. 2017), of sides 3, 5 and 7, behind a residual block, DSSD's (Fu et al. 2017).
    """

    def __init__(self, channels: int, width: float) -> None:
        super().__init__()
        wide, middle, narrow = (round(width * count) for count in (1024, 256, 128))
        self.skip = _convolved(channels, wide, 1)
        self.residual = nn.Sequential(
            _convolved(channels, middle, 1),
            nn.ReLU(inplace=True),
            _convolved(middle, middle, 3),
            nn.ReLU(inplace=True),
            _convolved(middle, wide, 1),
        )
        self.side_3 = nn.Conv2d(wide, middle, 3, padding=1)
        self.reduced = nn.Conv2d(wide, narrow, 3, padding=1)
        self.side_5 = nn.Conv2d(narrow, narrow, 3, padding=1)
        self.side_7 = nn.Sequential(
            nn.Conv2d(narrow, narrow, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(narrow, narrow, 3, padding=1),
        )
        self.channels = middle + 2 * narrow

    def forward(self, maps: Tensor) -> Tensor:
        maps = functional.relu(self.skip(maps) + self.residual(maps))
        reduced = functional.relu(self.reduced(maps))
        return functional.relu(torch.cat([self.side_3(maps), self.side_5(reduced), self.side_7(reduced)], 1))


def _convolved(channels_in: int, channels_out: int, side: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, side, padding=side // 2, bias=False),
        nn.BatchNorm2d(channels_out),
    )


def pyramidbox_vgg16(
    *,
    width: float = 1.0,
    batch_norm: bool = True,
    low_level_pyramid: bool = True,
    weights: str | None = None,
) -> PyramidBox:
    """As in the paper on VGG-16, or on one of a part of its width.

    Args:
        width: channels in parts of the paper's.
        batch_norm: whether the trunk's convolutions have BatchNorm, which one that starts afresh needs.
        low_level_pyramid: as `PyramidBox` takes it.
        weights: of VGG-16 on ImageNet: `hub`, a file in torchvision's layout, or None for a fresh start.

    Raises:
        ValueError: the weights can't be had or read, or are another network's.
    """
    trunk = VGGTrunk(width, batch_norm=batch_norm)
    if weights is not None:
        trunk.load(weights)
    return PyramidBox(trunk, width=width, low_level_pyramid=low_level_pyramid)


def pyramidbox_small(
    network: str = "tf_efficientnet_lite0",
    *,
    width: float = 1 / 8,
    low_level_pyramid: bool = True,
    weights: str | None = None,
) -> PyramidBox:
    """For minutes on a processor: on a small network of timm.

    Args:
        network: timm's name.
        width: channels of the context modules in parts of the paper's.
        low_level_pyramid: as `PyramidBox` takes it.
        weights: as `TimmMaps` takes them.

    Raises:
        ValueError: as `TimmMaps` does.
    """
    return PyramidBox(TimmTrunk(network, weights), width=width, low_level_pyramid=low_level_pyramid)
