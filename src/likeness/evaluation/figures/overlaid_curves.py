"""The curves of several runs over one another."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from likeness.evaluation.figures.long_curves import running_median, thinned
from likeness.evaluation.figures.style import COLOURS, INK, quiet_figure
from likeness.evaluation.figures.training_curves import SMOOTHED_FROM

_DASHES = ("-", "--", "-.", ":")


def overlaid_figure(runs: Mapping[str, Mapping[str, Mapping[int, float]]]) -> Figure:
    """A panel for each metric of `name of the run -> metric -> step -> value`, and a colour for each run.

    Long curves are drawn faintly, with their running median on top; what is not finite leaves a gap.
    """
    metrics = sorted({metric for curves in runs.values() for metric in curves})
    if not metrics:
        raise ValueError("a figure of curves needs at least one logged metric")
    columns = 1 if len(metrics) == 1 else 2
    rows = -(-len(metrics) // columns)
    figure, axes = quiet_figure(
        rows, columns, size=(4.6 * columns, 0.5 + 2.1 * rows + 0.2 * -(-len(runs) // columns))
    )
    for one in axes[len(metrics) :]:
        one.set_visible(False)
    lines = {}
    for one, metric in zip(axes, metrics, strict=False):
        one.set_title(metric, fontsize=9.5, color=INK, loc="left")
        one.ticklabel_format(useOffset=False)
        for number, (name, curves) in enumerate(runs.items()):
            points = sorted(curves.get(metric, {}).items())
            if not points:
                continue
            step, value = np.array(points, dtype=np.float64).T
            value[~np.isfinite(value)] = np.nan
            style: dict[str, Any] = {
                "color": COLOURS[number % len(COLOURS)],
                "linestyle": _DASHES[number // len(COLOURS) % len(_DASHES)],
            }
            long = len(step) >= SMOOTHED_FROM
            if long:
                one.plot(*thinned(step, value), linewidth=0.6, alpha=0.3, **style)
            shown = running_median(step, value) if long else (step, value)
            marker = None if long or len(step) > 12 else "o"
            (lines[name],) = one.plot(*shown, linewidth=1.5, marker=marker, markersize=3.5, **style)
    for one in axes[max(0, len(metrics) - columns) : len(metrics)]:
        one.set_xlabel("training step", color=INK)
    order = [name for name in runs if name in lines]
    figure.legend(
        [lines[name] for name in order],
        order,
        loc="outside upper left",
        ncols=columns,
        fontsize=8.5,
        frameon=False,
    )
    return figure
