"""What each layer of a network knows: a curve from shallow to deep, beside what needs no network."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from likeness.evaluation.figures.style import COLOURS, INK, quiet_figure
from likeness.evaluation.metric import Metric

_FEW = 12  # layers whose names can be read beside each other
_ABREAST = 3  # panels, at most


class KnownByLayer(NamedTuple):
    """A panel: its title, the layers' names, by curve a metric for each layer, and by line one metric alone."""

    title: str
    layers: Sequence[str]
    curves: Mapping[str, Sequence[Metric]]
    lines: Mapping[str, Metric]


def layers_figure(panels: Sequence[KnownByLayer]) -> Figure:
    """A panel for each network; bands are 95% intervals, and a line is what is there without any layer."""
    rows = ceil(len(panels) / _ABREAST)
    columns = ceil(len(panels) / rows)
    figure, axes = quiet_figure(rows, columns, size=(1.4 + 4.6 * columns, 4.4 * rows))
    for spare in axes[len(panels) :]:
        spare.set_visible(False)
    axes = axes[: len(panels)]
    for one, panel in zip(axes, panels, strict=True):
        places = np.arange(len(panel.layers))
        for number, (name, metrics) in enumerate(panel.curves.items()):
            colour, thick = COLOURS[number % len(COLOURS)], 1.8 if number < 2 else 1.0
            values = np.array([metric.value for metric in metrics])
            one.plot(
                places, 100 * values, color=colour, linewidth=thick, marker="o", markersize=3, label=name
            )
            if number < 2:
                ends = [
                    [np.nan if end is None else end for end in (metric.low, metric.high)]
                    for metric in metrics
                ]
                low, high = 100 * np.array(ends, dtype=np.float64).T
                one.fill_between(places, low, high, color=colour, alpha=0.15, linewidth=0)
        for name, style, metric in zip(panel.lines, ("--", ":", "-."), panel.lines.values(), strict=False):
            one.axhline(100 * metric.value, color=INK, linestyle=style, linewidth=1, label=name)
        one.set_title(panel.title, fontsize=9.5, color=INK, loc="left")
        shown = np.unique(np.linspace(0, len(places) - 1, min(len(places), _FEW)).round().astype(int))
        ticks = [panel.layers[place] for place in shown]
        one.set_xticks(
            places[shown],
            ticks,
            rotation=60,
            fontsize=7.5,
            horizontalalignment="right",
            rotation_mode="anchor",
        )
        one.set_xlabel("layer, from shallow to deep", color=INK)
    top = max(one.get_ylim()[1] for one in axes)
    for one in axes:
        one.set_ylim(0, top)  # panels are to be compared
    for first in axes[::columns]:
        first.set_ylabel("recognised / %", color=INK)
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(
        handles,
        names,
        loc="outside upper left",
        ncols=4 if len(panels) == 1 else 8,
        fontsize=8.5,
        frameon=False,
    )
    return figure
