"""Wanted and found rates of strangers who are told as somebody, over the size of the gallery."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from likeness.evaluation.figures.style import COLOURS, INK, quiet_figure


class WantedRate(NamedTuple):
    """What is found in G galleries where one rate is wanted.

    Attributes:
        found: by how often a stranger searches `[G, 3]` the mean, lowest and highest rate of several cohorts.
        kept: rates `[G]` at thresholds that were chosen in one of the galleries.
        of_pairs: rates `[G]` at a threshold for pairs.
        tpir: the share `[G]` of the enrolled who are found.
    """

    found: Mapping[int, NDArray[np.float64]]
    kept: NDArray[np.float64]
    of_pairs: NDArray[np.float64]
    tpir: NDArray[np.float64]


def wanted_rates_figure(
    sizes: NDArray[np.int64],
    wanted: Mapping[float, WantedRate],
    *,
    rank_1: NDArray[np.float64],
    kept_from: int,
) -> Figure:
    """Found rates over the `sizes [G]` of galleries, for each rate that was wanted, and the enrolled who are found.

    `rank_1 [G]` is the share of the enrolled whose own identity is nearest, at any distance; `kept_from` the size of
    the gallery whose thresholds are kept.
    """
    figure, (rates, hits) = quiet_figure(1, 2, size=(9.6, 4.4))
    for (fpir, lines), colour in zip(wanted.items(), COLOURS, strict=False):
        rates.axhline(fpir, color=colour, linewidth=0.8, linestyle=(0, (2, 3)))
        _spread(rates, sizes, lines.found, colour)
        for line, dashes in ((lines.kept, "--"), (lines.of_pairs, ":")):
            rates.plot(sizes[line > 0], line[line > 0], color=colour, linestyle=dashes, linewidth=1.4)
        label = f"and near enough at FPIR {fpir:.3g}"
        hits.plot(sizes, lines.tpir, color=colour, marker="o", markersize=4, label=label)
    hits.plot(sizes, rank_1, color=INK, linewidth=1.2, label="nearest (rank 1)")
    for number, each in enumerate(next(iter(wanted.values())).found):
        once = "for this gallery" if each == 1 else f"for this gallery, {each} searches a stranger"
        fill = INK if number == 0 else "white"
        rates.plot([], [], "o", color=INK, markersize=4, markerfacecolor=fill, label=once)
    rates.plot([], [], "--", color=INK, label=f"kept from {kept_from:,} identities")
    rates.plot([], [], ":", color=INK, label="of pairs")
    rates.set(xscale="log", yscale="log", ylim=(1e-5, 1.5))
    hits.set(xscale="log")
    hits.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    rates.set_ylabel("strangers told as somebody (FPIR)", color=INK)
    hits.set_ylabel("of the enrolled who search", color=INK)
    for axes in (rates, hits):
        axes.set_xlabel("identities in the gallery", color=INK)
    rates.legend(title="threshold", title_fontsize=8, fontsize=8, frameon=False, loc="lower right")
    hits.legend(fontsize=8, frameon=False, loc="lower left")
    return figure


def _spread(
    axes: Axes, sizes: NDArray[np.int64], found: Mapping[int, NDArray[np.float64]], colour: str
) -> None:
    """The mean over cohorts with the lowest and the highest, filled for the first kind of strangers, side by side."""
    for number, rate in enumerate(found.values()):
        mean, lowest, highest = rate.T
        axes.errorbar(
            sizes * (0.85 if number == 0 else 1.18), mean, [mean - lowest, highest - mean], color=colour, marker="o",
            markersize=4, linewidth=0, elinewidth=1.2, markerfacecolor=colour if number == 0 else "white", capsize=2,
        )  # fmt: skip
