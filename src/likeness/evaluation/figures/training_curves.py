"""How a training went."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import ArrayLike

from likeness.evaluation.arrays import array
from likeness.evaluation.figures.long_curves import running_median, thinned
from likeness.evaluation.figures.style import COLOURS, INK, quiet_figure

SMOOTHED_FROM = 50  # a curve of fewer points is shown as it is


class Curve(NamedTuple):
    """Values against the training step: `step [S]`, `value [S]`; `share` means that 1 is 100%."""

    step: ArrayLike
    value: ArrayLike
    share: bool = False


def curves_figure(panels: Mapping[str, Mapping[str, Curve]]) -> Figure:
    """Panels one below the other over a common axis of steps: `label of the panel -> name -> curve`.

    Long curves are drawn faintly, with their running median over a fiftieth of their length on top. Values
    that are NaN or infinite leave a gap.
    """
    if not panels:
        raise ValueError("a figure of training curves needs at least one panel")
    figure, axes = quiet_figure(len(panels), 1, size=(6.8, 0.6 + 1.9 * len(panels)))
    used = 0
    for one, (label, curves) in zip(axes, panels.items(), strict=True):
        if one is not axes[0]:
            one.sharex(axes[0])
        if one is not axes[-1]:
            one.tick_params(labelbottom=False)
        for name, curve in curves.items():
            colour = COLOURS[used % len(COLOURS)]
            used += 1
            step, value = array(curve.step), array(curve.value).astype(np.float64)
            if step.shape != value.shape or step.ndim != 1:
                raise ValueError(f"{name} has {step.shape} steps but {value.shape} values")
            value = np.where(np.isfinite(value), value, np.nan)
            if len(step) < SMOOTHED_FROM:
                one.plot(step, value, color=colour, linewidth=1.5, marker="o", markersize=3.5, label=name)
            else:
                one.plot(*thinned(step, value), color=colour, linewidth=0.7, alpha=0.35)
                one.plot(*running_median(step, value), color=colour, linewidth=1.6, label=name)
        if any(curve.share for curve in curves.values()):
            one.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        one.set_ylabel(label, color=INK)
        if len(curves) > 1:
            one.legend(fontsize=8.5, frameon=False, loc="best")
    axes[-1].set_xlabel("training step", color=INK)
    figure.align_ylabels(axes)
    return figure
