"""Blocks of two convolutions and a pooling, for small drawings, signals and volumes on a processor."""

from collections.abc import Sequence
from itertools import pairwise
from math import prod

from torch import nn

from likeness.models.backbone import Backbone
from likeness.models.ink_frame import InkFrame
from likeness.models.rank import LAYERS, Layers, halved, halving
from likeness.spatial import SpatialSize, height_and_width, sides


def _block(layers: Layers, channels_in: int, channels_out: int, pool: tuple[int, ...]) -> nn.Sequential:
    """Look twice, each time with BatchNorm and ReLU, then halve the sides."""
    return nn.Sequential(
        layers.convolution(channels_in, channels_out, 3, padding=1, bias=False),
        layers.norm(channels_out),
        nn.ReLU(inplace=True),
        layers.convolution(channels_out, channels_out, 3, padding=1, bias=False),
        layers.norm(channels_out),
        nn.ReLU(inplace=True),
        layers.max_pool(pool),
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
    see each drawing cut to its ink and resized to that side (`InkFrame`), and not the image as it is; that is for
    images alone. Otherwise the layers are of the rank of `spatial_size`.

    Raises:
        ValueError: more blocks than times that the side can be halved.
    """
    if ink_size is not None:
        height_and_width(spatial_size, "ink_size")
    frame = [] if ink_size is None else [InkFrame(ink_size)]
    whole = (ink_size, ink_size) if ink_size else sides(spatial_size)
    last = halved(whole, len(widths))
    if min(last) < 1:
        shortest = min(side for side in whole if side > 1)
        raise ValueError(
            f"{len(widths)} blocks halve {shortest} pixels to nothing: choose fewer `widths`, or a larger "
            "`ink_size` or `spatial_size`."
        )
    layers, pool = LAYERS[len(whole)], halving(whole)
    blocks = [_block(layers, before, after, pool) for before, after in pairwise([channels, *widths])]
    return Backbone(
        nn.Sequential(*frame, *blocks, nn.Flatten()),
        feature_dim=widths[-1] * prod(last),
        mean=mean,
        std=std,
    )
