"""Features by position, and masks that say how much each position counts."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional


def mask_at(mask: Tensor, spatial: Sequence[int]) -> Tensor:
    """A mask `[B, 1, *image]` pooled by area to a layer's map, `[B, 1, *spatial]`."""
    return functional.interpolate(mask, tuple(spatial), mode="area")


def by_position(features: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """Features `[B, C, *spatial]` as `[B, C, N]`, with their mask `[B or 1, 1, *spatial]` as `[B or 1, 1, N]`.

    Raises:
        ValueError: features without a spatial dimension, or a mask of another size.
    """
    if features.ndim < 3:
        raise ValueError(f"features must have the shape [B, C, *spatial], not {list(features.shape)}")
    if mask is None:
        return features.flatten(2), None
    batch, one, *spatial = mask.shape
    if batch not in (1, len(features)) or one != 1 or spatial != list(features.shape[2:]):
        raise ValueError(f"a mask {list(mask.shape)} does not fit features {list(features.shape)}")
    return features.flatten(2), mask.flatten(2).to(torch.promote_types(features.dtype, torch.float32))
