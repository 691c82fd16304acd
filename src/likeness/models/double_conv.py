"""Blocks of two convolutions and a pooling, for small drawings on a processor."""

from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from likeness.models.backbone import Backbone
from likeness.models.ink_frame import InkFrame
from likeness.spatial import SpatialSize, height_and_width


def _block(channels_in: int, channels_out: int) -> nn.Sequential:
    """Look twice, each time with BatchNorm and ReLU, then halve the sides."""
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
        nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
    )


def double_conv(
    *,
    widths: Sequence[int],
    ink_size: int | None = None,
    spatial_size: SpatialSize,
    channels: int,
    mean: Sequence[float],
    std: Sequence[float],
) -> Backbone:
    """A block of each of `widths` channels; every position of the last map is a feature.

    Convolutions before the first pooling see the strokes at full size, which `small_conv` saves. With `ink_size` they
    see each drawing cut to its ink and resized to that side (`InkFrame`), and not the image as it is.

    Raises:
        ValueError: more blocks than times that the side can be halved.
    """
    blocks = [_block(before, after) for before, after in pairwise([channels, *widths])]
    frame = [] if ink_size is None else [InkFrame(ink_size)]
    whole = (
        (ink_size, ink_size) if ink_size else height_and_width(spatial_size, "the double-convolution network")
    )
    height, width = (side >> len(widths) for side in whole)
    if min(height, width) < 1:
        raise ValueError(
            f"{len(widths)} blocks halve {min(whole)} pixels to nothing: choose fewer `widths`, or a larger "
            "`ink_size` or `spatial_size`."
        )
    return Backbone(
        nn.Sequential(*frame, *blocks, nn.Flatten()),
        feature_dim=widths[-1] * height * width,
        mean=mean,
        std=std,
    )
