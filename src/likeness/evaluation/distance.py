"""Distances between embeddings of pairs of images."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import array, labels

_BLOCK_VALUES = 1 << 22  # 32 MiB of float64 at a time


def pair_distances(embeddings: ArrayLike, first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """Squared Euclidean distances `[M]` of the pairs `(first, second)` of rows of `embeddings [N, D]`.

    Computed by subtraction in float64, without the cancellation of `|a|^2 + |b|^2 - 2ab`. Raises ValueError
    where shapes disagree or an index lies outside the embeddings.
    """
    rows = array(embeddings)
    if rows.ndim != 2:
        raise ValueError(f"embeddings must be [N, D], but their shape is {rows.shape}")
    left = labels(first, "first")
    right = labels(second, "second", len(left))
    if len(left) and not (min(left.min(), right.min()) >= 0 and max(left.max(), right.max()) < len(rows)):
        raise ValueError(f"a pair names an image outside the {len(rows)} embeddings")
    result = np.empty(len(left))
    step = max(1, _BLOCK_VALUES // max(1, rows.shape[1]))
    for start in range(0, len(left), step):
        block = slice(start, start + step)
        difference = rows[left[block]].astype(np.float64) - rows[right[block]].astype(np.float64)
        result[block] = np.einsum("md,md->m", difference, difference)
    return result
