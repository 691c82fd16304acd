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
    """Writes the picture to `path`; without all three subjects in `results` there is nothing to draw."""
    if not SUBJECTS.keys() <= results.keys():
        return
    with pyplot.rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}):
        figure, panels = pyplot.subplots(
            1, 3, figsize=(11, 4.4), sharey=True, width_ratios=(1.5, 1, 1), layout="constrained"
        )
        for panel, (subject, title) in zip(panels, SUBJECTS.items(), strict=True):
            _panel(panel, results[subject], title)
        panels[0].set_ylabel("forward and backward pass")
        figure.suptitle(
            "One thread, 512 dimensions, 4 pictures of each identity", x=0.01, ha="left", fontsize=10
        )
        figure.savefig(path, dpi=150)
        pyplot.close(figure)


def _panel(panel: Axes, rows: list[dict[str, Any]], title: str) -> None:
    sizes = [row["batch"] for row in rows]
    last = rows[-1]["median_seconds"]
    for name, colour in COLOURS.items():
        if name not in last:
            continue
        seconds = [row["median_seconds"][name] for row in rows]
        weight = 2.4 if name == OURS else 1.6
        panel.plot(sizes, seconds, color=colour, linewidth=weight, marker="o", markersize=4.5)
        times = "" if name == OURS else f"\n{last[name] / last[OURS]:.1f} x as long"
        panel.annotate(
            f"{name}{times}",
            (sizes[-1], seconds[-1]),
            xytext=(-8, 6),
            textcoords="offset points",
            color=colour,
            ha="right",
            va="bottom",
            fontweight="bold" if name == OURS else "normal",
        )
    panel.set_title(title, loc="left", fontweight="bold")
    panel.set_xlabel("batch size")
    panel.set_xscale("log", base=2)
    panel.set_yscale("log")
    panel.set_xticks(sizes, [str(size) for size in sizes])
    panel.xaxis.set_minor_locator(NullLocator())
    panel.yaxis.set_major_formatter(FuncFormatter(_duration))
    panel.grid(True, axis="y", color="0.9", linewidth=0.8)
    panel.set_axisbelow(True)


def _duration(seconds: float, _: object) -> str:
    return f"{seconds:g} s" if seconds >= 1 else f"{1000 * seconds:g} ms"
