"""Found and missed faces by their height."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter, StrMethodFormatter

from likeness.evaluation.detection.height import HeightRecall
from likeness.evaluation.figures.style import COLOURS, DIFFERENT, INK, quiet_figure

FOUND, MISSED = COLOURS[2], DIFFERENT


def height_figure(bins: Sequence[HeightRecall]) -> Figure:
    """How many faces of each height are found and missed, and above it their recall with its 95% interval."""
    if not bins:
        raise ValueError("a figure of faces by height needs at least one bin")
    place = np.arange(len(bins))
    count = np.array([one.recall.count for one in bins])
    recall = np.array([one.recall.value for one in bins])
    low, high = (
        np.array([np.nan if end is None else end for end in ends])
        for ends in ([one.recall.low for one in bins], [one.recall.high for one in bins])
    )
    found = np.rint(np.nan_to_num(recall) * count)
    figure, (above, below) = quiet_figure(2, 1, size=(max(6.4, 0.5 + 1.05 * len(bins)), 5.0), heights=(2, 3))
    above.errorbar(
        place,
        recall,
        # A bootstrap's interval may, if barely, leave its value out.
        yerr=np.clip([recall - low, high - recall], 0, None),
        color=FOUND,
        linestyle="none",
        marker="o",
        markersize=5,
        elinewidth=1.4,
        capsize=3,
        label="recall and its 95% interval",
    )
    above.set_ylim(-0.03, 1.03)
    above.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    above.set_ylabel("recall", color=INK)
    above.tick_params(labelbottom=False)
    below.bar(place, found, width=0.7, color=FOUND, label="found")
    below.bar(
        place,
        count - found,
        width=0.7,
        bottom=found,
        color=MISSED,
        hatch="////",
        edgecolor="white",
        label="missed",
    )
    for where, part, whole in zip(place, found, count, strict=True):
        below.annotate(
            f"{part:,.0f} of {whole:,}",
            (where, whole),
            (0, 2),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=INK,
        )
    below.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    below.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    below.set_ylim(0, 1.08 * max(1, count.max()))
    below.set_ylabel("faces", color=INK)
    below.set_xlabel("height of the face in pixels", color=INK)
    for axes in (above, below):
        axes.set_xlim(-0.6, len(bins) - 0.4)
        axes.set_xticks(place, [_range(one) for one in bins])
        axes.grid(visible=False, axis="x")
    figure.align_ylabels([above, below])
    figure.legend(loc="outside upper left", ncols=3, fontsize=9, frameon=False)
    return figure


def _range(one: HeightRecall) -> str:
    if np.isinf(one.high):
        return f"{one.low:g} and more"
    return f"below {one.high:g}" if one.low == 0 else f"{one.low:g} to {one.high:g}"
