"""One quiet style for every figure, and colours that colour-blind readers can tell apart."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito 2008, "Color Universal Design", without black and yellow (too faint on white).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
SAME, DIFFERENT = COLOURS[0], COLOURS[1]
INK, FAINT = "#333333", "#D9D9D9"


def quiet_figure(
    rows: int = 1,
    columns: int = 1,
    *,
    size: tuple[float, float] = (6.4, 4.4),
    heights: Sequence[float] | None = None,
) -> tuple[Figure, list[Axes]]:
    """A figure of `size` (inches) outside pyplot's global state, and its axes row by row."""
    figure = Figure(figsize=size, dpi=150, layout="constrained", facecolor="white")
    grid = figure.subplots(rows, columns, squeeze=False, gridspec_kw={"height_ratios": heights})
    axes: list[Axes] = list(grid.ravel())
    for one in axes:
        one.spines[["top", "right"]].set_visible(False)
        one.spines[["left", "bottom"]].set_color(INK)
        one.tick_params(colors=INK, labelsize=9)
        one.grid(color=FAINT, linewidth=0.6)
        one.set_axisbelow(True)
    return figure, axes


def bare(axes: Axes) -> None:
    """Takes ticks, grid and frame away, for an image or a map whose axes mean nothing."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.patch.set_visible(False)  # a title may reach over the next axes
