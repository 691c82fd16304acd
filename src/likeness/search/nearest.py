"""The nearest rows of a gallery, exactly."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Distances = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]]
"""From P rows of probes and S rows of a gallery to their distances `[P, S]`."""


class Nearest(NamedTuple):
    """The `distance [Q, k]` of each of Q probes to its nearest rows, smallest first, and these, `row [Q, k]`.

    Of equal distances the lower row comes first. A gallery of fewer than k rows gives them all.
    """

    distance: NDArray[np.float64]
    row: NDArray[np.int64]


def nearest(probes: ArrayLike, gallery: ArrayLike, k: int, *, block_rows: int = 4096) -> Nearest:
    """The k nearest rows of `gallery [N, D]` to each of `probes [Q, D]` by their squared Euclidean distance."""
    asked, enrolled = np.asarray(probes), np.asarray(gallery)

    def distances(probe: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.float64]:
        result = np.empty((len(probe), len(rows)))
        for place, one in enumerate(probe):
            for start in range(0, len(rows), block_rows):
                block = enrolled[rows[start : start + block_rows]].astype(np.float64)
                difference = block - asked[one].astype(np.float64)
                result[place, start : start + block_rows] = np.einsum("nd,nd->n", difference, difference)
        return result

    return nearest_by(distances, len(asked), len(enrolled), k)


def nearest_by(distances: Distances, probes: int, gallery: int, k: int) -> Nearest:
    """The same by any function of P rows of the probes and S rows of the gallery that gives `[P, S]`."""
    rows, kept = np.arange(gallery), min(k, gallery)
    result = Nearest(np.empty((probes, kept)), np.empty((probes, kept), dtype=np.int64))
    for probe in range(probes):
        found = distances(np.array([probe]), rows)[0]
        order = np.argsort(found, kind="stable")[:kept]
        result.distance[probe], result.row[probe] = found[order], order
    return result
