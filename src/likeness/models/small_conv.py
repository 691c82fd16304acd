"""A small convolutional net of our own, for images of about 64 pixels on a processor."""

from collections.abc import Sequence

from torch import nn

from likeness.models.backbone import Backbone
from likeness.spatial import SpatialSize, height_and_width


def _stage(channels_in: int, channels_out: int) -> nn.Sequential:
    """Halve the sides, then look once more: two 3 x 3 convolutions, each with BatchNorm and ReLU."""
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
        nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
    )


def small_conv(
    *, width: int, spatial_size: SpatialSize, channels: int, mean: Sequence[float], std: Sequence[float]
) -> Backbone:
    """Four stages of `width`, 2, 4 and 8 times `width` channels; every position of the last map is a feature.

    Positions are kept, not averaged: in an aligned face, where a thing is says whose face it is.
    """
    stages = [_stage(channels, width), *(_stage(width * 2**i, width * 2 ** (i + 1)) for i in range(3))]
    height, across = (
        -(-side // 16) for side in height_and_width(spatial_size, "the small convolutional network")
    )
    feature_dim = 8 * width * height * across
    return Backbone(nn.Sequential(*stages, nn.Flatten()), feature_dim=feature_dim, mean=mean, std=std)
