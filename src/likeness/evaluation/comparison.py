"""How two embeddings are compared: by their distance, or by what was learned."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import finite
from likeness.evaluation.distance import pair_distances

_QUANTUM = 2.0**-40

PairDistances = Callable[[ArrayLike, ArrayLike, ArrayLike], NDArray[np.float64]]
RowDistances = Callable[[NDArray[np.int64]], NDArray[np.float64]]


class Comparison(NamedTuple):
    """Two ways to ask the same; smaller is more alike.

    `pairs(embeddings [N, D], first [M], second [M])` gives the distances `[M]` of chosen pairs;
    `rows(embeddings [N, D])` gives a function from Q rows to their distances to all, `[Q, N]`; `unit` says what they
    are.
    """

    pairs: PairDistances
    rows: Callable[[ArrayLike], RowDistances]
    unit: str


def squared_distances(embeddings: ArrayLike) -> RowDistances:
    """A function from Q rows of `embeddings [N, D]` to their squared Euclidean distances to all, `[Q, N]`.

    They are `|a|^2 + |b|^2 - 2ab` of centred embeddings in float64, rounded to 2^-40 of the largest squared norm, so
    that copies of one image tie in spite of rounding.
    """
    rows = finite(embeddings, "embeddings", 2)
    rows = rows - rows.mean(axis=0)
    norms = np.einsum("nd,nd->n", rows, rows)
    quantum = (norms.max() or 1.0) * _QUANTUM

    def distances(chosen: NDArray[np.int64]) -> NDArray[np.float64]:
        squared: NDArray[np.float64] = rows[chosen] @ rows.T
        squared *= -2
        squared += norms
        squared += norms[chosen, None]
        squared /= quantum
        np.rint(squared, out=squared)
        squared *= quantum
        return squared

    return distances


EUCLIDEAN = Comparison(pair_distances, squared_distances, "squared Euclidean distance of embeddings")
