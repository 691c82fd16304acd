"""Images by a formula, so that stored answers to them stay true."""

import torch
from torch import Tensor


def waves(count: int, side: int) -> Tensor:
    """Crops `[count, 3, side, side]` of waves, no two alike, as networks take them."""
    crop, channel, row, column = torch.meshgrid(
        *(torch.arange(length, dtype=torch.float64) for length in (count, 3, side, side)), indexing="ij"
    )
    phase = (0.9 + 0.4 * crop + 0.3 * channel) * (row * 0.37 + column * 0.21 * (1 + crop)) + crop + channel
    levels = (127.5 + 127.5 * torch.sin(phase)).round()
    return ((levels - 127.5) / 128).float()
