"""The ROC curves of several embeddings."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import ArrayLike

from likeness.evaluation.figures.style import COLOURS, INK, quiet_figure
from likeness.evaluation.roc import area, equal_error_rate, roc

_DASHES = ("-", "--", "-.", ":")


def roc_figure(encodings: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> Figure:
    """True against false accept rate (logarithmic) of `name -> (distance [M], same [M])`, in the order given.

    Each curve begins at one false accept, the smallest rate that its negatives resolve.
    """
    if not encodings:
        raise ValueError("an ROC figure needs at least one embedding")
    figure, (axes,) = quiet_figure(size=(6.4, 4.0 + 0.18 * len(encodings)))
    smallest = 1.0
    for number, (name, (distance, same)) in enumerate(encodings.items()):
        curve = roc(distance, same)
        one = 1 / curve.negatives
        start = np.count_nonzero(curve.far <= one) - 1  # the last point with at most one false accept
        far = np.concatenate([[one], curve.far[start + 1 :]])
        smallest = min(smallest, one)
        axes.step(
            far,
            curve.tar[start:],
            where="post",
            color=COLOURS[number % len(COLOURS)],
            linestyle=_DASHES[number // len(COLOURS) % len(_DASHES)],
            linewidth=1.8,
            label=f"{name}  (AUC {float(area(curve)):.4f}, EER {float(equal_error_rate(curve)):.2%})",
        )
    label_rates(figure, axes, smallest)
    return figure


def label_rates(figure: Figure, axes: Axes, smallest: float) -> None:
    """The axes of a receiver operating characteristic, from the `smallest` false accept rate on, and its legend."""
    chance = np.geomspace(smallest, 1, 200)
    axes.plot(chance, chance, color=INK, linewidth=0.8, linestyle=(0, (2, 3)), label="chance")
    axes.set_xscale("log")
    axes.set_xlim(smallest, 1)
    axes.set_ylim(0, 1.01)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.set_xlabel("false accept rate (of different pairs)", color=INK)
    axes.set_ylabel("true accept rate (of same pairs)", color=INK)
    figure.legend(loc="outside upper left", fontsize=8.5, frameon=False)
