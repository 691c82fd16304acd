"""An objective against one parameter, with intervals."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from matplotlib.figure import Figure

from likeness.evaluation.figures.style import COLOURS, INK, quiet_figure


class Point(NamedTuple):
    """A value of the parameter, the mean objective there with its 95% interval, and the runs that it is the mean of."""

    parameter: float
    mean: float
    low: float
    high: float
    runs: Sequence[float]


def objective_figure(
    lines: Mapping[str, Sequence[Point]], parameter: str, objective: str, *, log: bool
) -> Figure:
    """A curve for each of `lines`: means joined by a line, intervals as bars, single runs as faint dots."""
    if not lines:
        raise ValueError("a curve of an objective needs at least one line")
    figure, (axes,) = quiet_figure()
    for number, (name, line) in enumerate(lines.items()):
        points = sorted(line)
        colour = COLOURS[number % len(COLOURS)]
        x, mean = [point.parameter for point in points], [point.mean for point in points]
        below = [point.mean - point.low for point in points]
        above = [point.high - point.mean for point in points]
        axes.errorbar(
            x,
            mean,
            [below, above],
            color=colour,
            linewidth=1.6,
            marker="o",
            markersize=5,
            capsize=3,
            label=name,
        )
        for point in points:
            axes.plot(
                [point.parameter] * len(point.runs), point.runs, ".", color=colour, alpha=0.45, markersize=5
            )
    if log:
        axes.set_xscale("log")
    axes.set_xlabel(parameter, color=INK)
    axes.set_ylabel(f"{objective}\nmean and 95% interval over seeds", color=INK)
    if len(lines) > 1:
        axes.legend(fontsize=8.5, frameon=False)
    return figure
