"""The precision that losses are computed in, whatever the surroundings ask for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

_FULL = ("none", "ieee")
"""What PyTorch calls matrix products that are as precise as their type; the first where nothing is set at any level."""


def in_working_precision(embedding: Tensor) -> Tensor:
    """`embedding` in float64 if it is float64 already, else in float32; differentiable."""
    return embedding if embedding.dtype == torch.float64 else embedding.float()


def sum_dtype(device: torch.device) -> torch.dtype:
    """The type that long sums are accumulated in: float64 wherever the device has it."""
    return torch.float32 if device.type == "mps" else torch.float64


@contextmanager
def full_precision(device: torch.device) -> Iterator[None]:
    """No autocast, and float32 matrix products that are float32: no TF32 and no bfloat16 inside them.

    Half precision flips mined negatives and zeroes small distances; TF32 keeps 10 bits of the mantissa.
    The process-wide matmul settings are restored on leaving.
    """
    backends: Any = torch.backends  # whose stubs lack some of what it has
    matmuls = [backends.cuda.matmul, backends.mkldnn.matmul]
    if not torch.is_autocast_enabled(device.type) and all(one.fp32_precision in _FULL for one in matmuls):
        yield  # as it is everywhere by default, and setting it anew takes longer than a small loss
        return
    before = [matmul.fp32_precision for matmul in matmuls]
    try:
        common = torch.get_float32_matmul_precision()
    except RuntimeError:  # PyTorch's answer once a backend's own setting differs from the common setting
        common = None
    if common is not None:
        torch.set_float32_matmul_precision("highest")
    try:
        for matmul in matmuls:
            matmul.fp32_precision = "ieee"
        with torch.autocast(device.type, enabled=False):
            yield
    finally:
        if common is not None:
            torch.set_float32_matmul_precision(common)
        for matmul, precision in zip(
            matmuls, before, strict=True
        ):  # which the common setting has overwritten
            matmul.fp32_precision = precision
