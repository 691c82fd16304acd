"""The lecture's own network (slides 28 to 31): two convolutions of side 5 without padding, over 1, 2 or 3 axes."""

from collections.abc import Sequence
from itertools import pairwise
from math import prod

from torch import nn

from likeness.models.backbone import Backbone
from likeness.models.rank import LAYERS
from likeness.spatial import SpatialSize, sides


def lecture_conv(
    *,
    widths: Sequence[int],
    kernel: int,
    spatial_size: SpatialSize,
    channels: int,
    mean: Sequence[float],
    std: Sequence[float],
) -> Backbone:
    """A convolution of each of `widths` filters, each with a ReLU; every position of the last map is a feature.

    With `widths=[16, 32]` and `kernel=5` as in the lecture, a side of 14 becomes 10, then 6:

    | | input | 16 filters | 32 filters |
    |---|---|---|---|
    | 1-D | 14 x 1 | 10 x 16 | 6 x 32 |
    | 2-D | 14 x 14 x 3 | 10 x 10 x 16 | 6 x 6 x 32 |
    | 3-D | 14 x 14 x 14 x 1 | 10 x 10 x 10 x 16 | 6 x 6 x 6 x 32 |

    Raises:
        ValueError: a side is too short for that many convolutions.
    """
    lengths = sides(spatial_size)
    convolution = LAYERS[len(lengths)].convolution
    last = [length - len(widths) * (kernel - 1) for length in lengths]
    if min(last) < 1:
        raise ValueError(
            f"{len(widths)} convolutions of side {kernel} leave nothing of {min(lengths)}: choose fewer `widths`, a "
            "smaller `kernel`, or a larger `spatial_size`."
        )
    stages = [
        layer
        for before, after in pairwise([channels, *widths])
        for layer in (convolution(before, after, kernel), nn.ReLU(inplace=True))
    ]
    return Backbone(
        nn.Sequential(*stages, nn.Flatten()), feature_dim=widths[-1] * prod(last), mean=mean, std=std
    )
