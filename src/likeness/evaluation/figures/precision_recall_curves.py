"""The precision-recall curves of several detectors."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import ArrayLike

from likeness.evaluation.arrays import array
from likeness.evaluation.detection.precision_recall import average_precision
from likeness.evaluation.figures.style import COLOURS, INK, quiet_figure

_DASHES = ("-", "--", "-.", ":")


def precision_recall_figure(detectors: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> Figure:
    """Precision against recall of `name -> (recall [U], precision [U])`, with the average precision of each.

    Curves keep the order given. Points whose precision is NaN (nothing entered yet) are left out.
    """
    if not detectors:
        raise ValueError("a precision-recall figure needs at least one detector")
    figure, (axes,) = quiet_figure(size=(6.4, 4.0 + 0.18 * len(detectors)))
    for number, (name, (recall, precision)) in enumerate(detectors.items()):
        rising, values = (array(one).astype(np.float64) for one in (recall, precision))
        known = ~np.isnan(values)
        axes.plot(
            rising[known],
            values[known],
            color=COLOURS[number % len(COLOURS)],
            linestyle=_DASHES[number // len(COLOURS) % len(_DASHES)],
            linewidth=1.8,
            label=f"{name}  (AP {float(average_precision(rising, values)):.3f})",
        )
    axes.set_xlim(0, 1.01)
    axes.set_ylim(0, 1.02)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xlabel("recall (of all faces, those found)", color=INK)
    axes.set_ylabel("precision (of what was found, faces)", color=INK)
    figure.legend(loc="outside upper left", fontsize=8.5, frameon=False)
    return figure
