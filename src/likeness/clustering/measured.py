"""What clustering asks of images: which pairs are near, and how far some are from each other."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.comparison import EUCLIDEAN, Comparison
from likeness.search import ExactIndex, RowPairs

_BLOCK_VALUES = 1 << 22  # distances held at a time: 32 MiB


class Measured(NamedTuple):
    """Distances among a number of `images`, of which nobody holds all.

    `below(threshold)` gives the pairs whose distance is smaller, in blocks; `matrix()` all distances `[N, N]`; and
    `some(rows)` the same of some images.
    """

    images: int
    below: Callable[[float], Iterator[RowPairs]]
    matrix: Callable[[], NDArray[np.float64]]
    some: Callable[[NDArray[np.int64]], "Measured"]


def euclidean(embeddings: ArrayLike) -> Measured:
    """Squared Euclidean distances of `embeddings [N, D]`: which are below a threshold is decided exactly."""
    everyone = np.asarray(embeddings)

    def below(threshold: float) -> Iterator[RowPairs]:
        return ExactIndex(everyone).pairs_below(threshold)

    def matrix() -> NDArray[np.float64]:
        rows = everyone.astype(np.float64)
        rows -= rows.mean(axis=0)
        squares = np.einsum("nd,nd->n", rows, rows)
        result = rows @ rows.T
        result *= -2
        result += squares
        result += squares[:, None]
        return _distances(np.maximum(result, 0, out=result))

    return Measured(len(everyone), below, matrix, lambda rows: euclidean(everyone[rows]))


def by_comparison(comparison: Comparison, embeddings: ArrayLike) -> Measured:
    """The distances by which embeddings are compared, such as those of a learned head."""
    if comparison is EUCLIDEAN:
        return euclidean(embeddings)
    everyone = np.asarray(embeddings)

    def below(threshold: float) -> Iterator[RowPairs]:
        distances = comparison.rows(everyone)
        step = max(1, _BLOCK_VALUES // max(1, len(everyone)))
        for start in range(0, len(everyone), step):
            block = np.arange(start, min(start + step, len(everyone)))
            first, second = np.nonzero(distances(block) < threshold)
            kept = first + start < second
            yield RowPairs(first[kept] + start, second[kept])

    def matrix() -> NDArray[np.float64]:
        return _distances(comparison.rows(everyone)(np.arange(len(everyone))))

    return Measured(len(everyone), below, matrix, lambda rows: by_comparison(comparison, everyone[rows]))


def _distances(square: NDArray[np.float64]) -> NDArray[np.float64]:
    """Those above the diagonal in both places, and 0 on it."""
    upper = np.triu(square, 1)
    return upper + upper.T
