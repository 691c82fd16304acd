"""Keyed draws for a whole batch at once: each number is a hash of what it is for, never of history.

The hash is SplitMix64's finaliser (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators"),
applied once for each word of the key. Everything below it uses only +, -, *, /, sqrt, floor and comparisons, which
IEEE 754 rounds exactly, so that an image has the same bits in any batch and on any machine.
"""

from dataclasses import field, fields
from functools import cache
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from likeness.randomness import key

Plane = NDArray[Any]
"""`[B, 1]` (a number for each image) or `[B, N]` (one for each pixel), always float32.

NumPy's types make float64 of float32 times a Python number, which NumPy itself does not; hence `Any`.
"""
Keys = NDArray[np.uint64]
T = TypeVar("T")

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def mix(word: Keys) -> Keys:
    """SplitMix64's finaliser, a bijection of 64-bit words in which each bit depends on all."""
    word = word + _GOLDEN
    word = (word ^ (word >> np.uint64(30))) * _FIRST
    word = (word ^ (word >> np.uint64(27))) * _SECOND
    return word ^ (word >> np.uint64(31))


def person_keys(seed: int, identity: NDArray[np.int64]) -> Keys:
    """A key `[B]` for each identity `[B]`."""
    return mix(np.uint64(key("drawn_faces", seed)) ^ mix(identity.astype(np.uint64)))


def image_keys(person: Keys, image: NDArray[np.int64]) -> Keys:
    """A key `[B]` for each image `[B]` of the people whose keys are `person`."""
    return mix(person ^ mix(image.astype(np.uint64) + np.uint64(1)))


def uniform(keys: Keys, slots: Keys) -> NDArray[np.float64]:
    """Numbers in [0, 1), `[B, S]`: one for each key `[B]` and slot `[S]`."""
    bits = mix(keys[:, None] ^ mix(slots)[None, :])
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53


def lattice(keys: Keys, name: str, size: int) -> Plane:
    """Independent numbers in [-1, 1), `[B, size]`, under `name`."""
    slots = np.arange(size, dtype=np.uint64) + np.uint64(key("lattice", name))
    return (2.0 * uniform(keys, slots) - 1.0).astype(np.float32)


def between(low: float, high: float, towards: int = 1) -> Any:
    """A field drawn evenly from [low, high); with `towards` > 1 a power of the draw, so mostly near `low`."""
    return field(metadata={"low": low, "high": high, "power": towards})


@cache
def _table(kind: Any) -> tuple[list[str], Keys, NDArray[np.float64], NDArray[np.float64], list[int]]:
    names = [each.name for each in fields(kind)]
    slots = np.array([key(kind.__name__, name) for name in names], np.uint64)
    low = np.array([each.metadata["low"] for each in fields(kind)], np.float64)
    high = np.array([each.metadata["high"] for each in fields(kind)], np.float64)
    return names, slots, low, high, [each.metadata["power"] for each in fields(kind)]


def draw(kind: type[T], keys: Keys) -> T:
    """A dataclass of fields `between`, each `[B, 1]`, drawn under its own name: a new field moves no other."""
    names, slots, low, high, powers = _table(cast(Any, kind))
    unit = uniform(keys, slots)
    for column, power in enumerate(powers):
        for _ in range(power - 1):
            unit[:, column] *= uniform(keys, slots[column : column + 1])[:, 0]
    values = (low + (high - low) * unit).astype(np.float32)
    return kind(**{name: np.ascontiguousarray(values[:, at, None]) for at, name in enumerate(names)})
