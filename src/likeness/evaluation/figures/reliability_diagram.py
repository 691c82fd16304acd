"""Whether probabilities are true."""

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import ArrayLike

from likeness.evaluation.calibration import expected_calibration_error, reliability
from likeness.evaluation.figures.style import COLOURS, INK, quiet_figure


def reliability_figure(probability: ArrayLike, same: ArrayLike, bins: int = 15) -> Figure:
    """The share of `same [M]` against the `probability [M]` given, by bins, above how many pairs each bin has."""
    found = reliability(probability, same, bins)
    error = expected_calibration_error(probability, same, bins)
    figure, (above, below) = quiet_figure(2, 1, size=(5.2, 5.2), heights=(3, 1))
    label = f"these pairs (expected calibration error {100 * error:.1f}%)"
    above.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle=":", label="what it should be")
    above.plot(
        found.probability, found.share, color=COLOURS[0], linewidth=1.4, marker="o", markersize=4, label=label
    )
    above.set_ylabel("pairs that are of one identity", color=INK)
    above.set_ylim(-0.02, 1.02)
    above.tick_params(labelbottom=False)
    below.bar(found.probability, found.pairs, width=0.8 / bins, color=COLOURS[0], alpha=0.5)
    below.set_yscale("log")
    below.set_ylim(bottom=0.8)
    below.set_ylabel("pairs", color=INK)
    below.set_xlabel("probability given that it is one identity", color=INK)
    for axes in (above, below):
        axes.set_xlim(-0.04, 1.04)
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    above.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    figure.align_ylabels([above, below])
    figure.legend(loc="outside upper left", fontsize=9, frameon=False)
    return figure
