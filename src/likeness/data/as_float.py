"""Images as networks take them."""

import torch
from torch import Tensor


def as_float(images: Tensor, *, channels_last: bool = False) -> Tensor:
    """Images, uint8 `[..., C, H, W]`, as float32 in [0, 1]; `[B, C, H, W]` may have the channels last in memory."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    return images.float().div_(255).contiguous(memory_format=layout)
