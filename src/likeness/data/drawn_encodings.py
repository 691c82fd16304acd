"""Encodings of people who do not exist: points on a sphere, at distances like those of a face encoder.

An identity is a direction, an image of it another direction near by. Both come from a normal distribution whose
variances fall as a power of the dimension's number, so that strangers' similarities spread as wide as an encoder's do,
which is wider than on an evenly filled sphere of as many dimensions. How far an image strays differs from image to
image. `experiments/open_set_drawn` has the quantiles of both beside those of a real encoder.

What they have not: relatives and lookalikes beyond chance, groups of people who resemble each other, and images so poor
that they resemble everybody's. They tell whether a calibration holds, not how well an encoder finds people.
"""

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 128
DECAY = 0.55
"""The variance of dimension i is i ** -DECAY."""

STRAY = (2.4, 3.5)
"""The parameters of the Beta distribution of an image's stray, the share of its variance that is not the identity's."""

_SCALE = np.arange(1, DIMENSIONS + 1) ** (-DECAY / 2)
_CHUNK = 10_000  # identities drawn at a time: what is drawn does not depend on how many are asked for


def identities(first: int, count: int, *, seed: int) -> NDArray[np.float32]:
    """The directions `[count, D]` of the identities from number `first` on.

    Raises:
        ValueError: `first` is no multiple of 10,000.
    """
    if first % _CHUNK:
        raise ValueError(f"identities are drawn from a multiple of {_CHUNK:,} on, but first={first}")
    parts = [
        _directions(min(_CHUNK, first + count - start), np.array([seed, start // _CHUNK], dtype=np.uint64))
        for start in range(first, first + count, _CHUNK)
    ]
    return np.concatenate(parts)


def images(of: NDArray[np.float32], *, seed: int) -> NDArray[np.float32]:
    """An image `[N, D]` of each of the identities `[N, D]`, of unit length."""
    draw = np.random.Generator(np.random.Philox(key=np.array([seed, 1 << 32], dtype=np.uint64)))
    stray = draw.beta(*STRAY, size=(len(of), 1))
    away = _unit(draw.standard_normal(of.shape) * _SCALE)
    return _unit(np.sqrt(1 - stray) * of + np.sqrt(stray) * away).astype(np.float32)


def _directions(count: int, key: NDArray[np.uint64]) -> NDArray[np.float32]:
    draw = np.random.Generator(np.random.Philox(key=key))
    return _unit(draw.standard_normal((count, DIMENSIONS), dtype=np.float32) * _SCALE).astype(np.float32)


def _unit(rows: NDArray[np.floating]) -> NDArray[np.floating]:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
