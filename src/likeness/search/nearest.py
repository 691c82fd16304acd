"""The nearest rows of a gallery, exactly."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Distances = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]]
"""From P rows of probes and S rows of a gallery to their distances `[P, S]`."""

_BLOCK_VALUES = 1 << 20  # distances held at a time: 8 MiB


class Nearest(NamedTuple):
    """The `distance [Q, k]` of each of Q probes to its nearest rows, smallest first, and these, `row [Q, k]`.

    Of equal distances the lower row comes first. A gallery of fewer than k rows gives them all.
    """

    distance: NDArray[np.float64]
    row: NDArray[np.int64]


def nearest_by(distances: Distances, probes: int, gallery: int, k: int) -> Nearest:
    """The k nearest of the `gallery`'s rows to each of the `probes`, both counted, by any function of distances."""
    rows, kept = np.arange(gallery), min(k, gallery)
    result = Nearest(np.empty((probes, kept)), np.empty((probes, kept), dtype=np.int64))
    step = max(1, _BLOCK_VALUES // max(1, gallery))
    for start in range(0, probes, step):
        block = np.arange(start, min(start + step, probes))
        for probe, found in zip(block.tolist(), distances(block, rows), strict=True):
            result.distance[probe], result.row[probe] = first_of(found, rows, kept)
    return result


def first_of(distance: NDArray[np.float64], row: NDArray[np.int64], k: int) -> Nearest:
    """The k nearest, `[k]` each, of rows at distances `[M]`; of equal ones the lower row."""
    if k < len(distance):
        among = np.flatnonzero(distance <= np.partition(distance, k - 1)[k - 1]) if k else row[:0]
        distance, row = distance[among], row[among]
    order = np.lexsort((row, distance))[:k]
    return Nearest(distance[order], row[order])
