"""FDDB's curves: the share of faces that is found against the number of false positives."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from likeness.evaluation.detection.fddb import FddbRoc
from likeness.evaluation.figures.style import COLOURS, INK, quiet_figure


def fddb_figure(curves: Mapping[str, FddbRoc]) -> Figure:
    """The discrete curve of each `name -> curve`, solid, and the continuous one, dashed."""
    if not curves:
        raise ValueError("a figure of FDDB's curves needs at least one detector")
    figure, (axes,) = quiet_figure(size=(6.4, 4.0 + 0.36 * len(curves)))
    for number, (name, curve) in enumerate(curves.items()):
        along = np.concatenate([[0], curve.false_positives])
        for kind, rate, dashes in (("discrete", curve.discrete, "-"), ("continuous", curve.continuous, "--")):
            axes.plot(
                along,
                np.concatenate([[0], rate]),
                color=COLOURS[number % len(COLOURS)],
                linestyle=dashes,
                linewidth=1.8,
                label=f"{name}, {kind}",
            )
    axes.set_xlim(left=0)
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xlabel("false positives", color=INK)
    axes.set_ylabel("true positive rate", color=INK)
    figure.legend(loc="outside upper left", fontsize=8.5, frameon=False)
    return figure
