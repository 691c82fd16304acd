"""Quantiles of the distances of drawn encodings, beside those of a real encoder.

python quantiles.py ENCODINGS.npy IDENTITY.npy
"""

import sys

import numpy as np
from numpy.typing import NDArray

from likeness.data.drawn_encodings import identities, images


def quantiles(encodings: NDArray[np.float32], identity: NDArray[np.int64]) -> list[list[float]]:
    """Quantiles of the squared distances of pairs of one identity and of two."""
    distance = 2 - 2 * encodings @ encodings.T
    upper = np.triu(np.ones(distance.shape, dtype=bool), 1)
    same = identity[:, None] == identity
    return [
        np.quantile(distance[upper & kind], (0.001, 0.01, 0.1, 0.5, 0.9, 0.99)).round(3).tolist()
        for kind in (same, ~same)
    ]


if __name__ == "__main__":
    encodings, identity = (np.load(path) for path in sys.argv[1:])
    centres = identities(0, int(identity.max()) + 1, seed=0)
    print("real ", *quantiles(encodings, identity))
    print("drawn", *quantiles(images(centres[identity], seed=1), identity))
