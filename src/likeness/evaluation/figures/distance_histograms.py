"""How far apart images of one identity and of two identities lie."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from likeness.evaluation.arrays import finite, two_classes
from likeness.evaluation.comparison import EUCLIDEAN
from likeness.evaluation.figures.style import DIFFERENT, INK, SAME, quiet_figure


def distance_figure(
    distance: ArrayLike,
    same: ArrayLike,
    *,
    threshold: float | None = None,
    unit: str = EUCLIDEAN.unit,
) -> Figure:
    """Histograms of `distance [M]` by `same [M]`, each to its own total, with the line of a `threshold`."""
    values = finite(distance, "distance", 1)
    kinds = two_classes(same, len(values))
    figure, (axes,) = quiet_figure(size=(6.4, 3.8))
    low, high = float(values.min()), float(values.max())
    if low == high:  # a collapsed embedding still gets a bar
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, 61)
    for mask, colour, name in ((kinds, SAME, "same identity"), (~kinds, DIFFERENT, "different identities")):
        total = np.count_nonzero(mask)
        share = np.histogram(values[mask], edges)[0] / total * 100
        axes.stairs(share, edges, fill=True, color=colour, alpha=0.35)
        axes.stairs(share, edges, color=colour, linewidth=1.4, label=f"{name} ({total:,} pairs)")
    if threshold is not None:
        axes.axvline(threshold, color=INK, linewidth=1.2, linestyle="--", label=f"threshold {threshold:.3g}")
    axes.set_xlim(low, high)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(unit, color=INK)
    axes.set_ylabel("share of its pairs per bin (%)", color=INK)
    figure.legend(loc="outside upper left", ncols=3, fontsize=9, frameon=False)
    return figure
