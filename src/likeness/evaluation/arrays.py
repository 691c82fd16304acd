"""Arguments as checked NumPy arrays: NumPy arrays, lists and torch tensors are taken alike."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def array(values: Any) -> NDArray[Any]:
    """`values` as a NumPy array; a torch tensor of any device and precision is detached and copied over."""
    if hasattr(values, "detach"):  # duck-typed, so that these pure functions never import torch
        values = values.detach().cpu()
        if values.is_floating_point():
            values = values.double()  # NumPy has no bfloat16
        return values.numpy()
    return np.asarray(values)


def finite(values: ArrayLike, name: str, dimensions: int) -> NDArray[np.float64]:
    """`values` in float64; raises ValueError if it is empty, of another rank, or holds NaN or infinity."""
    result = array(values)
    if result.ndim != dimensions or result.size == 0:
        raise ValueError(f"{name} must be a non-empty {dimensions}-D array, but its shape is {result.shape}")
    result = result.astype(np.float64, copy=False)
    if not np.isfinite(result).all():
        raise ValueError(
            f"{name} holds {np.count_nonzero(~np.isfinite(result))} values that are NaN or infinite"
        )
    return result


def labels(values: ArrayLike, name: str, length: int | None = None) -> NDArray[np.int64]:
    """`values` as int64 `[length]`; raises ValueError for another shape or for what is not whole numbers."""
    result = array(values)
    if result.ndim != 1 or (length is not None and len(result) != length):
        wanted = "1-D" if length is None else f"of shape ({length},)"
        raise ValueError(f"{name} must be {wanted}, but its shape is {result.shape}")
    if result.dtype.kind not in "iub":
        raise ValueError(f"{name} must be whole numbers, but its type is {result.dtype}")
    return result.astype(np.int64, copy=False)


def two_classes(values: ArrayLike, length: int) -> NDArray[np.bool_]:
    """`values` as bool `[length]` with both classes in it; raises ValueError otherwise."""
    result = labels(values, "same", length).astype(np.bool_)
    if result.all() or not result.any():
        kind = "different" if result.all() else "same"
        raise ValueError(f"verification needs pairs of both kinds, but there is no pair of {kind} identities")
    return result
