"""What is known of a trial's objectives, and which trials are best."""

import math
from collections.abc import Sequence
from statistics import mean, stdev
from typing import NamedTuple, Protocol

from scipy.stats import t as student


class _Measured(Protocol):
    @property
    def value(self) -> float: ...
    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...


FEWEST_SEEDS = 3
"""Of two seeds Student's interval is six times as wide as their difference, and of two equal ones it has no width."""

Bounds = tuple[float, float]
"""Between which all values of a metric lie."""


class Estimate(NamedTuple):
    """A mean over `seeds` runs, and its 95% interval: NaN where they are too few to tell."""

    value: float
    low: float | None
    high: float | None
    seeds: int


def estimate(measurements: Sequence[_Measured], bounds: Bounds) -> Estimate:
    """The mean over runs with other seeds and Student's interval of it, within `bounds`; of one run, its own interval.

    Of several runs fewer than `FEWEST_SEEDS` have no interval.
    """
    values = [one.value for one in measurements]
    if len(values) == 1:
        return Estimate(values[0], measurements[0].low, measurements[0].high, 1)
    if len(values) < FEWEST_SEEDS:
        return Estimate(mean(values), math.nan, math.nan, len(values))
    half = float(student.ppf(0.975, len(values) - 1)) * stdev(values) / len(values) ** 0.5
    low, high = bounds
    return Estimate(mean(values), max(low, mean(values) - half), min(high, mean(values) + half), len(values))


def best_trials(values: Sequence[Sequence[float]], directions: Sequence[str]) -> list[int]:
    """The places of the best of `values [T][O]`; the first where several are equal.

    With several objectives these are all that no other dominates: is as good in each of them, and better in one.
    """
    signs = [1 if direction == "maximize" else -1 for direction in directions]
    scores = [[sign * value for sign, value in zip(signs, row, strict=True)] for row in values]
    if len(signs) == 1:
        return [scores.index(max(scores))] if scores else []
    return [
        place
        for place, row in enumerate(scores)
        if not any(other != row and all(a >= b for a, b in zip(other, row, strict=True)) for other in scores)
    ]
