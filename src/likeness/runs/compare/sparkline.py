"""A curve in one line of text."""

from collections.abc import Sequence
from math import isfinite
from typing import NamedTuple

_BARS = "▁▂▃▄▅▆▇█"
_WIDTH = 24  # characters at most


class LoggedCurve(NamedTuple):
    """A metric as a run logged it."""

    steps: list[int]
    values: list[float]

    def __str__(self) -> str:
        return sparkline(self.values)


def sparkline(values: Sequence[float], width: int = _WIDTH) -> str:
    """Bars from the lowest to the highest of the values, of more than `width` evenly spread ones and the last.

    One that is no number is a blank.
    """
    count = min(len(values), width)
    shown = [values[round(place * (len(values) - 1) / max(1, count - 1))] for place in range(count)]
    known = [value for value in shown if isfinite(value)]
    low, height = min(known, default=0.0), max(known, default=0.0) - min(known, default=0.0)
    return "".join(
        _BARS[round((value - low) / height * (len(_BARS) - 1)) if height else 0] if isfinite(value) else " "
        for value in shown
    )
