"""Curves of any length, drawn by as many points as a figure can show."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST = 4000
"""Points of a curve that are drawn; a figure is about a thousand pixels wide."""

_AT_ONCE = 2**22
"""Values that lie in memory for their medians."""


def thinned(step: Floats, value: Floats) -> tuple[Floats, Floats]:
    """A curve `[S]` by at most MOST of its points, the least and the greatest of each stretch, which looks the same.

    A shorter one is as it was. A stretch without any number leaves a gap.
    """
    if len(value) <= MOST:
        return step, value
    edges = np.linspace(0, len(value), MOST // 2 + 1).astype(np.int64)
    starts = edges[:-1]
    least = np.fmin.reduceat(value, starts)
    greatest = np.fmax.reduceat(value, starts)
    middle = (starts + edges[1:] - 1) // 2
    return np.repeat(step[middle], 2), np.column_stack([least, greatest]).ravel()


def running_median(step: Floats, value: Floats) -> tuple[Floats, Floats]:
    """The steps and the median of the values around each, over a fiftieth of the curve; fewer values near the ends.

    Of a curve of more than MOST points it is taken at MOST / 2 of them, evenly spread.
    """
    places = np.arange(len(value))
    if len(value) > MOST:
        places = np.linspace(0, len(value) - 1, MOST // 2).round().astype(np.int64)
    reach = max(1, len(value) // 100)
    padded = np.pad(value, reach, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    several = max(1, _AT_ONCE // (2 * reach + 1))
    parts = [_medians(windows[places[start : start + several]]) for start in range(0, len(places), several)]
    return step[places], np.concatenate(parts)


def _medians(windows: Floats) -> Floats:
    """The median of each row, NaN where a row has no number."""
    empty = np.isnan(windows).all(axis=1)
    result = np.full(len(windows), np.nan)
    result[~empty] = np.nanmedian(windows[~empty], axis=1)
    return result
