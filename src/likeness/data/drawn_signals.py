"""Signals that are drawn, not downloaded: an identity is a generator, as a voice or an instrument is one.

Its pitch, timbre, rhythm and vibrato belong to the identity; where a signal begins, its speed, gain and noise vary
within it. Everything uses only +, -, *, /, floor and comparisons, which IEEE 754 rounds exactly, so that a signal has
the same bits in any batch and on any machine.
"""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likeness.data.drawn_faces.draws import Keys, lattice
from likeness.data.drawn_samples import drawn_splits, hash_of_code, numbers
from likeness.data.images import DataSplits
from likeness.spatial import SpatialSize, refuse_channels, refuse_rank, sides

HARMONICS, BEATS = 6, 4
BEND = 0.225
"""How far a parabola is bent towards a sine; what is left is 0.001 at most."""

Wave = NDArray[Any]
"""`[B, 1]` (a number for each signal) or `[B, L]` (one for each of its values), always float32."""


def drawn_signals(
    *,
    identities: int,
    samples_per_identity: int,
    validation_identities: int,
    test_identities: int,
    seed: int,
    spatial_size: SpatialSize,
    channels: int,
) -> DataSplits:
    """Signals `[1, L]` float32, between -1 and 1 but for noise: generators 0, 1, ... train, others validate and test.

    Each is a pure function of (seed, generator, number). With `validation_identities` 0 there is no validation split.

    Raises:
        ValueError: `spatial_size` is not one length, or `channels` is not 1.
    """
    refuse_rank(spatial_size, (1,), "drawn_signals")
    refuse_channels(channels, "drawn_signals")
    (length,) = sides(spatial_size)
    code = hash_of_code(sys.modules[__name__])
    return drawn_splits(
        lambda identity, sample: signals(identity, sample, length)[:, None],
        "generator",
        {"source": "drawn_signals", "code_sha256": code, "length": length},
        seed=seed,
        identities=identities,
        samples_per_identity=samples_per_identity,
        validation_identities=validation_identities,
        test_identities=test_identities,
    )


def signals(identity: Keys, sample: Keys, length: int) -> Wave:
    """Signals `[B, length]` of generators with the keys `identity [B]`, each as its own key `sample [B]` has it."""
    speed = numbers(sample, "speed", 0.96, 1.04)
    place = np.arange(length, dtype=np.float32)[None] * speed
    sound = _tone(identity, sample, place) * _rhythm(identity, sample, place)
    noise = numbers(sample, "noise", 0.01, 0.12) * lattice(sample, "signal noise", length)
    return np.ascontiguousarray(numbers(sample, "gain", 0.3, 1.0) * (sound + noise), dtype=np.float32)


def _tone(identity: Keys, sample: Keys, place: Wave) -> Wave:
    """Harmonics of a pitch with a vibrato, between -1 and 1, at each `place` (in values from the beginning)."""
    period = numbers(identity, "period", 12.0, 48.0)
    vibrato = numbers(identity, "vibrato", 0.0, 0.15) * sine(
        place / (period * numbers(identity, "vibrato period", 6.0, 14.0)) + numbers(sample, "sway", 0.0, 1.0)
    )
    turns = place / period + vibrato
    weights = numbers(identity, "harmonics", 0.0, 1.0, HARMONICS)
    weights = weights * weights
    weights[:, 0] += np.float32(0.1)  # never silence
    weights = weights / weights.sum(1, keepdims=True)
    start = numbers(sample, "start", 0.0, 1.0, HARMONICS)
    tone = np.zeros_like(turns)
    for number in range(HARMONICS):
        at = slice(number, number + 1)
        tone += weights[:, at] * sine(np.float32(number + 1) * turns + start[:, at])
    return tone


def _rhythm(identity: Keys, sample: Keys, place: Wave) -> Wave:
    """How loud it is, from 0 to 1: beats of a bar, each with an accent, that rise and die away."""
    bar = numbers(identity, "bar", 350.0, 900.0)
    bars = place / bar + numbers(sample, "entry", 0.0, 1.0)
    accents = numbers(identity, "accents", 0.0, 1.0, BEATS)
    delays = numbers(identity, "delays", 0.0, 0.8 / BEATS, BEATS)
    decay = numbers(identity, "decay", 1.0, 10.0)
    loud = np.zeros_like(bars)
    for number in range(BEATS):
        at = slice(number, number + 1)
        since = bars - np.float32(number / BEATS) - delays[:, at]
        since = since - np.floor(since)
        rise = np.minimum(since * np.float32(40), np.float32(1))
        fall = np.float32(1) + decay * since
        loud = np.maximum(loud, (np.float32(0.2) + accents[:, at]) * rise / (fall * fall))
    return loud / np.float32(1.2)


def sine(turns: Wave) -> Wave:
    """About sin(2 pi `turns`): a parabola for each half turn, bent."""
    turn = turns - np.floor(turns + np.float32(0.5))
    arch = turn * (np.float32(8) - np.float32(16) * np.abs(turn))
    bent: Wave = arch + np.float32(BEND) * (arch * np.abs(arch) - arch)
    return bent
