"""Which groups' classes are recognised from one image, and which are not."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from likeness.evaluation.figures.style import COLOURS, FAINT, INK, quiet_figure


def one_shot_figure(scores: Mapping[str, NDArray[np.float64]], groups: NDArray[np.str_]) -> Figure:
    """The share recognised of each group's queries, by encoder: `scores [E, N]` over `groups [E, N]`, their names.

    Groups are ordered by what the first encoder recognises; a line for each encoder is its mean over all queries.
    """
    names, place = np.unique(groups.ravel(), return_inverse=True)
    shares = {
        encoder: np.bincount(place, each.ravel()) / np.bincount(place) for encoder, each in scores.items()
    }
    order = np.argsort(next(iter(shares.values())), kind="stable")
    rows = np.arange(len(names))
    figure, (axes,) = quiet_figure(size=(6.4, 1.2 + 0.24 * len(names)))
    for (encoder, share), colour in zip(shares.items(), COLOURS, strict=False):
        mean = float(scores[encoder].mean())
        axes.plot(
            share[order],
            rows,
            linestyle="none",
            marker="o",
            markersize=4.5,
            color=colour,
            label=f"{encoder} ({100 * mean:.1f}%)",
        )
        axes.axvline(mean, color=colour, linewidth=0.9, alpha=0.6)
    axes.set_yticks(rows, [str(names[i]).replace("_", " ") for i in order], fontsize=8)
    axes.grid(axis="y", color=FAINT, linewidth=0.4)
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.7, len(names) - 0.3)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xlabel("queries recognised among the classes of their group", color=INK)
    figure.legend(loc="outside upper left", fontsize=9, frameon=False, ncols=2)
    return figure
