"""Samples as networks take them."""

import torch
from torch import Tensor

CHANNELS_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}
"""The order in memory that puts channels last, by the number of a batch's axes; signals have none."""


def as_float(images: Tensor, *, channels_last: bool = False) -> Tensor:
    """Samples `[..., C, *spatial]` as float32: bytes in [0, 1], floats as they are.

    A batch of images or volumes may have the channels last in memory.
    """
    layout = CHANNELS_LAST.get(images.ndim) if channels_last else None
    return unscaled(images, torch.float32).contiguous(memory_format=layout or torch.contiguous_format)


def unscaled(images: Tensor, kind: torch.dtype) -> Tensor:
    """The values in a kind of floating-point number: bytes in [0, 1], floats as they are."""
    return images.to(kind).div_(255) if images.dtype == torch.uint8 else images.to(kind)
