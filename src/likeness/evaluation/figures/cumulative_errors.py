"""The cumulative error curves of several detectors' points."""

from collections.abc import Mapping

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from likeness.evaluation.detection.points import CumulativeErrors
from likeness.evaluation.figures.style import COLOURS, INK, quiet_figure

_DASHES = ("-", "--", "-.", ":")


def cumulative_error_figure(
    curves: Mapping[str, CumulativeErrors],
    *,
    failure: float | None = None,
    unit: str = "fraction of the distance of the eyes",
) -> Figure:
    """The share of faces whose error is at most so much, with its 95% interval, of each `name -> curve`.

    With `failure`, a line at the error above which a face has failed.
    """
    if not curves:
        raise ValueError("a figure of cumulative errors needs at least one curve")
    figure, (axes,) = quiet_figure(size=(6.4, 4.0 + 0.18 * len(curves)))
    for number, (name, curve) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        axes.fill_between(curve.limit, curve.low, curve.high, color=colour, alpha=0.15, linewidth=0)
        axes.plot(
            curve.limit,
            curve.share,
            color=colour,
            linestyle=_DASHES[number // len(COLOURS) % len(_DASHES)],
            linewidth=1.8,
            label=name,
        )
    if failure is not None:
        axes.axvline(
            failure, color=INK, linewidth=0.8, linestyle=(0, (2, 3)), label=f"failed above {failure:g}"
        )
    axes.set_xlim(0, max(float(curve.limit.max()) for curve in curves.values()))
    axes.set_ylim(0, 1.01)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xlabel(f"mean error of the points ({unit})", color=INK)
    axes.set_ylabel("faces with at most this error, 95% interval", color=INK)
    figure.legend(loc="outside upper left", fontsize=8.5, frameon=False)
    return figure
