"""K-means, as the lecture has it: with K given, or estimated."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.cluster import KMeans

from likeness.clustering.measured import Measured
from likeness.clustering.neighbours import Thresholds, clusters


def k_means(embeddings: ArrayLike, k: int, *, seed: int = 0) -> NDArray[np.int64]:
    """The cluster `[N]` of each of `embeddings [N, D]`, of K: each is in that of the nearest mean (Lloyd 1982).

    Raises:
        ValueError: K is no number from 1 to N.
    """
    rows = np.asarray(embeddings)
    if not 1 <= k <= len(rows):
        raise ValueError(f"K-means makes from 1 to {len(rows):,} clusters of as many images, not {k:,}")
    found: NDArray[np.int64] = KMeans(k, n_init=1, random_state=seed).fit_predict(rows).astype(np.int64)
    return found


def estimated_k(measured: Measured, thresholds: Thresholds) -> int:
    """How many clusters the thresholded neighbours make: an estimate of the number of identities."""
    return int(clusters(measured, thresholds).max(initial=-1)) + 1
