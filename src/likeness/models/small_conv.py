"""A small convolutional net of our own, for a processor: images of about 64 pixels, signals, small volumes."""

from collections.abc import Sequence
from math import prod
from typing import Literal

from torch import nn

from likeness.models.backbone import Backbone
from likeness.models.rank import LAYERS, Layers
from likeness.models.statistics_pool import StatisticsPool
from likeness.spatial import SpatialSize, sides

Pooling = Literal["flatten", "statistics"]


def _stage(layers: Layers, channels_in: int, channels_out: int) -> nn.Sequential:
    """Halve the sides, then look once more: two convolutions of side 3, each with BatchNorm and ReLU."""
    return nn.Sequential(
        layers.convolution(channels_in, channels_out, 3, stride=2, padding=1, bias=False),
        layers.norm(channels_out),
        nn.ReLU(inplace=True),
        layers.convolution(channels_out, channels_out, 3, padding=1, bias=False),
        layers.norm(channels_out),
        nn.ReLU(inplace=True),
    )


def small_conv(
    *,
    width: int,
    pooling: Pooling = "flatten",
    spatial_size: SpatialSize,
    channels: int,
    mean: Sequence[float],
    std: Sequence[float],
) -> Backbone:
    """Four stages of `width`, 2, 4 and 8 times `width` channels, and what `pooling` makes of the last map.

    With `flatten` positions are kept: in an aligned face, where a thing is says whose face it is. With `statistics`
    they are not, as for signals that begin anywhere. The convolutions are of the rank of `spatial_size`.
    """
    lengths = sides(spatial_size)
    layers = LAYERS[len(lengths)]
    stages = [
        _stage(layers, channels, width),
        *(_stage(layers, width * 2**i, width * 2 ** (i + 1)) for i in range(3)),
    ]
    positions = prod(-(-length // 16) for length in lengths)
    pool, of_a_channel = (nn.Flatten(), positions) if pooling == "flatten" else (StatisticsPool(), 2)
    return Backbone(nn.Sequential(*stages, pool), feature_dim=8 * width * of_a_channel, mean=mean, std=std)
