"""Samples that are functions of a seed: identities without end, and no files."""

import sys
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from likeness.data.drawn_faces import draws
from likeness.data.drawn_faces.draws import Keys, image_keys, mix, uniform
from likeness.data.fingerprint import Files
from likeness.data.images import DataSplits
from likeness.randomness import key

_FIRST_TO_VALIDATE, _FIRST_TO_TEST = 10**12, 2 * 10**12

Draw = Callable[[Keys, Keys], NDArray[Any]]
"""From the keys `[B]` of identities and of their samples to the samples `[B, C, *spatial]`, row by row."""


class DrawnSamples:
    """`per_identity` samples of each of the identities `first .. first + identities - 1` of a seed.

    Nothing is drawn before `load`, and nothing is kept.

    Args:
        draw: draws the samples of some keys.
        what: what an identity is called, such as `generator`.
        recognised: all that the samples are a function of, beside the identities.
        seed: another seed, other identities.
        first: the number of the first identity.
        identities: how many.
        per_identity: samples of each.
    """

    grouping = None

    def __init__(
        self,
        draw: Draw,
        what: str,
        recognised: Mapping[str, object],
        *,
        seed: int,
        first: int,
        identities: int,
        per_identity: int,
    ) -> None:
        self._draw, self._what, self._recognised = draw, what, recognised
        self._seed, self._first, self._identities = seed, first, identities
        self._per_identity = per_identity
        self.identity: NDArray[np.int64] = np.repeat(np.arange(identities, dtype=np.int64), per_identity)

    def __len__(self) -> int:
        """The number of samples."""
        return len(self.identity)

    def load(self, indices: Sequence[int]) -> list[Tensor]:
        """The samples at `indices`, `[C, *spatial]` each."""
        at = np.asarray(indices, np.int64)
        if len(at) and (at.min() < 0 or at.max() >= len(self)):
            raise IndexError(f"there are samples 0 to {len(self) - 1}, not {at.min()} to {at.max()}")
        if not len(at):
            return []
        identity, number = np.divmod(at, self._per_identity)
        of_identity = mix(
            np.uint64(key(self._what, self._seed)) ^ mix((identity + self._first).astype(np.uint64))
        )
        return list(torch.from_numpy(self._draw(of_identity, image_keys(of_identity, number))))

    def name(self, index: int) -> str:
        """Such as "generator 12, sample 3"."""
        identity, number = divmod(int(index), self._per_identity)
        return f"{self.identity_name(identity)}, sample {number}"

    def identity_name(self, identity: int) -> str:
        """Such as "generator 12", numbered through all the splits of a seed."""
        return f"{self._what} {self._first + int(identity)}"

    def fingerprint(self) -> dict[str, object]:
        """All that the samples are a function of, the code that draws them included."""
        return {
            **self._recognised,
            "seed": self._seed,
            "first": self._first,
            "identities": self._identities,
            "samples_per_identity": self._per_identity,
        }

    def files(self) -> Files:
        """None: they are drawn."""
        return Files(Path(), [])


def drawn_splits(
    draw: Draw,
    what: str,
    recognised: Mapping[str, object],
    *,
    seed: int,
    identities: int,
    samples_per_identity: int,
    validation_identities: int,
    test_identities: int,
) -> DataSplits:
    """Identities 0, 1, ... to train on, 10^12, ... to validate, 2 x 10^12, ... to test; the rest as `DrawnSamples`.

    Whoever is tested on in one configuration of a seed is thus trained on in none.
    """

    def part(first: int, count: int) -> DrawnSamples:
        return DrawnSamples(
            draw,
            what,
            recognised,
            seed=seed,
            first=first,
            identities=count,
            per_identity=samples_per_identity,
        )

    return DataSplits(
        train=part(0, identities),
        validation=part(_FIRST_TO_VALIDATE, validation_identities) if validation_identities else None,
        test=part(_FIRST_TO_TEST, test_identities),
    )


def numbers(keys: Keys, name: str, low: float, high: float, count: int = 1) -> NDArray[Any]:
    """Numbers drawn evenly from [low, high), float32 `[B, count]`, for each key `[B]` under `name`."""
    slots = np.arange(count, dtype=np.uint64) + np.uint64(key("numbers", name))
    return (low + (high - low) * uniform(keys, slots)).astype(np.float32)


def hash_of_code(*modules: ModuleType) -> str:
    """A hash of the source of what draws: the modules, this one, and what all drawing has its numbers from."""
    digest = sha256()
    for module in (*modules, sys.modules[__name__], draws):
        assert module.__file__ is not None
        digest.update(sha256(Path(module.__file__).read_bytes()).digest())
    return digest.hexdigest()
