"""The arguments of a triplet loss, and what is refused."""

import math
from typing import Literal

import torch
from torch import Tensor

from .distance import Distance

Margin = float | Literal["soft"]
Average = Literal["valid", "active"]


def check_arguments(margin: Margin, distance: Distance, average: Average) -> None:
    """Raises ValueError with one sentence if an argument of a triplet loss has no meaning."""
    number = isinstance(margin, int | float) and not isinstance(margin, bool)
    if margin != "soft" and not (number and 0 <= margin < math.inf):
        raise ValueError(f"margin must be a finite number of at least 0 or 'soft', not {margin!r}")
    if distance not in ("squared", "plain"):
        raise ValueError(f"distance must be 'squared' or 'plain', not {distance!r}")
    if average not in ("valid", "active"):
        raise ValueError(f"average must be 'valid' or 'active', not {average!r}")


def check_numeric(margin: Margin) -> None:
    """Raises ValueError if the margin is not a number."""
    if margin == "soft":
        raise ValueError("all-semi-hard triplets need a numeric margin: 'soft' gives them no upper end")


def check_batch(embedding: Tensor, identity: Tensor) -> None:
    """Raises ValueError with one sentence if a loss cannot be taken of these tensors."""
    if embedding.ndim != 2 or not len(embedding) or not embedding.is_floating_point():
        raise ValueError(
            f"embedding must be a floating-point tensor [B, D] with B >= 1, "
            f"not {embedding.dtype} {list(embedding.shape)}"
        )
    if identity.shape != embedding.shape[:1] or identity.is_floating_point() or identity.dtype == torch.bool:
        raise ValueError(
            f"identity must be integers [{len(embedding)}], one for each embedding, "
            f"not {identity.dtype} {list(identity.shape)}"
        )
    if identity.device != embedding.device:
        raise ValueError(f"identity is on {identity.device} but embedding on {embedding.device}")
