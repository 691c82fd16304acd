"""The figure: time of a forward and backward pass against batch size."""

from pathlib import Path
from typing import Any

import matplotlib
from contenders import OML, OURS, PML

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator

COLOURS = {OURS: "#0b6e4f", PML: "#c1440e", OML: "#5b6c9d"}
SUBJECTS = {"batch_hard": "Batch-hard", "all_semi_hard": "All semi-hard", "batch_all": "Batch-all"}


def draw(results: dict[str, Any], path: Path) -> None:
    """Writes the image to `path`; without all three subjects in `results` there is nothing to draw."""
    if not SUBJECTS.keys() <= results.keys():
        return
    style = {"font.size": 10, "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 11}
    with pyplot.rc_context(style):
        figure, panels = pyplot.subplots(
            1, 3, figsize=(12.5, 4.6), sharey=True, width_ratios=(1.3, 1, 1), layout="constrained"
        )
        for panel, (subject, title) in zip(panels, SUBJECTS.items(), strict=True):
            _panel(panel, results[subject], title)
        panels[0].set_ylabel("time of a forward and backward pass")
        figure.savefig(path, dpi=150)
        pyplot.close(figure)


def _panel(panel: Axes, rows: list[dict[str, Any]], title: str) -> None:
    sizes = [row["batch"] for row in rows]
    last = rows[-1]["median_seconds"]
    for name, colour in COLOURS.items():
        if name not in last:
            continue
        seconds = [row["median_seconds"][name] for row in rows]
        ours = name == OURS
        panel.plot(
            sizes,
            seconds,
            color=colour,
            linewidth=2.6 if ours else 1.7,
            marker="o",
            markersize=5 if ours else 4,
        )
        panel.annotate(
            name
            if ours
            else f"{name.replace('-learning', '-' + chr(10) + 'learning')}, {last[name] / last[OURS]:.1f}×",
            (sizes[-1], seconds[-1]),
            xytext=(9, 5 if ours else -5),  # away from each other: ours is the lowest
            textcoords="offset points",
            color=colour,
            ha="left",
            va="top" if ours else "bottom",
            fontweight="bold" if ours else "normal",
            annotation_clip=False,
        )
    panel.set_title(title, loc="left", fontweight="bold")
    panel.set_xscale("log", base=2)
    panel.set_yscale("log")
    panel.set_xlim(sizes[0] / 1.2, sizes[-1] * 6.5)  # room for the names
    panel.set_xticks(sizes, [str(size) for size in sizes])
    panel.set_xlabel("batch size (images)", loc="left")
    panel.spines["bottom"].set_bounds(sizes[0] / 1.2, sizes[-1])
    panel.xaxis.set_minor_locator(NullLocator())
    panel.yaxis.set_minor_locator(NullLocator())
    panel.yaxis.set_major_formatter(FuncFormatter(_duration))
    panel.grid(True, axis="y", color="0.9", linewidth=0.8)
    panel.set_axisbelow(True)


def _duration(seconds: float, _: object) -> str:
    return f"{seconds:g} s" if seconds >= 1 else f"{1000 * seconds:g} ms"
