"""The figure: seconds of an iteration, and the referee's loss against seconds of optimisation."""

from pathlib import Path
from typing import Any

from contenders import EXACT, OURS, SCHEDULED, SPED
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from likeness.evaluation.figures.style import COLOURS, INK, quiet_figure

COLOUR = dict(zip([*EXACT, *SPED, *SCHEDULED], [*COLOURS, INK, "#8a8a8a"], strict=True))


def draw(results: dict[str, Any], path: Path) -> None:
    """Writes the image to `path`; without speed and quality in `results` there is nothing to draw."""
    if not {"speed", "quality"} <= results.keys():
        return
    figure, (left, right) = quiet_figure(1, 2, size=(11.0, 4.0))
    _bars(left, results["speed"])
    _curves(right, results["quality"]["content"]["curves"])
    figure.savefig(path)


def _bars(axes: Axes, speed: dict[str, Any]) -> None:
    threads = max(speed["threads"], key=int)
    seconds = {name: row["median_s"] for name, row in speed["threads"][threads].items()}
    names = list(seconds)[::-1]
    bars = axes.barh(
        names, [seconds[name] for name in names], color=[COLOUR[name] for name in names], height=0.6
    )
    axes.bar_label(bars, [f"{seconds[name]:.2f}" for name in names], padding=3, fontsize=9, color=INK)
    axes.grid(visible=False, axis="y")
    axes.margins(x=0.12)
    _title(axes, f"seconds of an iteration, VGG-19, 256 x 256, {threads} threads")


def _curves(axes: Axes, curves: dict[str, list[dict[str, float]]]) -> None:
    for name, curve in curves.items():
        points = sorted((point["seconds"], point["loss"]) for point in curve)
        axes.plot(
            *zip(*points, strict=True),
            label=name,
            color=COLOUR[name],
            linewidth=2.0 if name.startswith(OURS) else 1.4,
            linestyle=":" if name in SCHEDULED else "-" if name == OURS else "--",
            marker="s" if name in SCHEDULED else "o",
            markersize=4,
        )
    axes.set_yscale("log")
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xlim(left=0)
    axes.set_xlabel("seconds of optimisation", color=INK)
    axes.legend(fontsize=8, frameon=False)
    _title(axes, "the referee's loss from the content, VGG-16, 256 x 256")


def _title(axes: Axes, words: str) -> None:
    axes.set_title(words, fontsize=9.5, color=INK, loc="left")
