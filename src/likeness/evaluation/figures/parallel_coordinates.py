"""Parallel coordinates: trials of a search as lines across the axes of their parameters and objectives."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from numpy.typing import NDArray

from likeness.evaluation.figures.style import INK, bare, quiet_figure

_COLOURS = colormaps["viridis_r"]  # dark is good, also in print
_TICKS = 5


class Axis(NamedTuple):
    """An axis: its name and the value of each trial `[T]`; all numbers, on a logarithmic scale or not, or words."""

    name: str
    values: Sequence[float] | Sequence[str]
    log: bool = False


def parallel_figure(axes: Sequence[Axis], quality: Sequence[float], best: Sequence[int]) -> Figure:
    """A line for each trial across `axes`, the darker the higher its `quality [T]`; the `best`, by place, stand out."""
    if not axes or any(len(axis.values) != len(quality) for axis in axes):
        raise ValueError("parallel coordinates need axes, and a value on each for every trial")
    figure, (frame,) = quiet_figure(size=(1.6 + 1.5 * len(axes), 4.4))
    bare(frame)
    heights = [_height(axis) for axis in axes]
    lines = np.stack([height for height, _ in heights], axis=1)
    shade = _unit(np.asarray(quality, dtype=np.float64))
    for trial in np.argsort(quality, kind="stable"):  # the best on top
        width, alpha = (2.4, 1.0) if trial in best else (1.1, 0.75)
        colour = _COLOURS(0.1 + 0.9 * shade[trial])
        frame.plot(range(len(axes)), lines[trial], color=colour, linewidth=width, alpha=alpha)
    for place, (axis, (_, ticks)) in enumerate(zip(axes, heights, strict=True)):
        frame.plot([place, place], [0, 1], color=INK, linewidth=0.9)
        frame.text(place, 1.04, axis.name, ha="center", va="bottom", fontsize=9, color=INK)
        for label, height in ticks:
            frame.text(
                place - 0.03,
                height,
                label,
                ha="right",
                va="center",
                fontsize=8,
                color=INK,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.8},
            )
    frame.set_xlim(-0.45, len(axes) - 0.9)
    frame.set_ylim(-0.04, 1.1)
    return figure


def _height(axis: Axis) -> tuple[NDArray[np.float64], list[tuple[str, float]]]:
    """The height of each trial on an axis, from 0 to 1, and the axis's ticks."""
    if any(isinstance(value, str) for value in axis.values):
        words = list(dict.fromkeys(map(str, axis.values)))
        place = {word: (number + 0.5) / len(words) for number, word in enumerate(words)}
        return np.array([place[str(value)] for value in axis.values]), list(place.items())
    numbers = np.asarray(axis.values, dtype=np.float64)
    scaled = np.log(numbers) if axis.log else numbers
    values = np.unique(numbers)
    if len(values) > _TICKS:
        values = np.quantile(scaled, [0, 1]) @ np.array(
            [np.linspace(1, 0, _TICKS), np.linspace(0, 1, _TICKS)]
        )
        values = np.exp(values) if axis.log else values
    heights = _unit(np.concatenate([scaled, np.log(values) if axis.log else values]))
    ticks = [(f"{value:.3g}", height) for value, height in zip(values, heights[len(numbers) :], strict=True)]
    return heights[: len(numbers)], ticks


def _unit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """`values` between 0 and 1; all in the middle where they are equal."""
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.full_like(values, 0.5)
