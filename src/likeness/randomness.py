"""Keyed randomness: every draw is a pure function of the strings and numbers that name it, never of history."""

from hashlib import blake2b

import numpy as np


def key(*parts: int | str) -> int:
    """A 64-bit key, the same on every machine and in every process, for the draw that `parts` name."""
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in parts)
    return int.from_bytes(blake2b(text.encode(errors="surrogateescape"), digest_size=8).digest(), "little")


def generator(*parts: int | str) -> np.random.Generator:
    """A counter-based generator (Philox; Salmon et al. 2011) that starts at the draw that `parts` name."""
    return np.random.Generator(np.random.Philox(key=key(*parts)))
