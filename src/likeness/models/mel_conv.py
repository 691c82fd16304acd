"""Convolutions over time on a log-mel spectrogram, for voices and other sounds."""

from collections.abc import Sequence

from torch import nn

from likeness.models.backbone import Backbone
from likeness.models.log_mel import LogMel
from likeness.models.statistics_pool import StatisticsPool
from likeness.spatial import SpatialSize, refuse_rank, sides

_REACH = 7
"""Frames beyond a convolved one that the layers look at, to either side."""


def _layer(channels_in: int, channels_out: int, kernel: int, dilation: int = 1) -> nn.Sequential:
    """A convolution over time with BatchNorm and ReLU."""
    return nn.Sequential(
        nn.Conv1d(channels_in, channels_out, kernel, dilation=dilation, bias=False),
        nn.BatchNorm1d(channels_out),
        nn.ReLU(inplace=True),
    )


def mel_conv(
    *,
    width: int,
    bands: int,
    rate: int,
    window: float = 0.025,
    hop: float = 0.01,
    spatial_size: SpatialSize,
    channels: int,
    mean: Sequence[float],
    std: Sequence[float],
) -> Backbone:
    """The layers of x-vectors (Snyder et al. 2018, table 1) up to their pooling, on log-mel bands.

    Three convolutions over 5, 3 and 3 frames, the second and third dilated by 2 and 3, and two of single frames, of
    which the last has three times as many channels; then the mean and deviation over time.

    Args:
        width: channels, 512 in the paper.
        bands: of the spectrogram.
        rate: values a second of the signals.
        window: seconds of a frame.
        hop: seconds from one frame to the next.
        spatial_size: `[L]`.
        channels: 1.
        mean: of the values.
        std: of the values.

    Raises:
        ValueError: the samples are no signals of one channel, or too short; or a band has no frequency in it.
    """
    refuse_rank(spatial_size, [1], "backbone=mel_conv")
    if channels != 1:
        raise ValueError(f"channels={channels}, but a spectrogram is of one: set it to 1")
    front = LogMel(rate=rate, bands=bands, window=window, hop=hop)
    (length,) = sides(spatial_size)
    if (frames := front.frames(length)) <= 2 * _REACH:
        raise ValueError(
            f"{length} values at {rate} a second are {frames} frames, and the convolutions need {2 * _REACH + 1}: take "
            "longer signals, or a smaller hop"
        )
    layers = (
        _layer(bands, width, 5),
        _layer(width, width, 3, dilation=2),
        _layer(width, width, 3, dilation=3),
        _layer(width, width, 1),
        _layer(width, 3 * width, 1),
    )
    network = nn.Sequential(front, *layers, StatisticsPool())
    return Backbone(network, feature_dim=2 * 3 * width, mean=mean, std=std)
