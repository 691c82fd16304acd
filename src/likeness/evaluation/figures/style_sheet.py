"""Images of a style transfer side by side, about as large as they are."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from likeness.evaluation.arrays import array
from likeness.evaluation.figures.style import COLOURS, FAINT, INK
from likeness.evaluation.figures.training_curves import Curve

Image = NDArray[np.uint8]

_DPI = 200
_GAP, _LABEL, _MARGIN = 0.06, 0.2, 0.1  # inches: between images, for a line of text, around all
_ROW = 2.4  # inches: the height of the images of a sheet
_COLUMN, _STYLES = (
    2.2,
    1.6,
)  # inches: the width of a column of a grid, the greatest height of the styles above it
_CURVES = 2.2  # inches: the height of the curves with their labels


def style_sheet(
    images: Mapping[str, Image], costs: Mapping[str, Curve], *, changes: Mapping[int, str] | None = None
) -> Figure:
    """Images in a row, all of one height, and under them the costs by step on a logarithmic scale.

    Args:
        images: by label, as content, style and generated: uint8 `[H, W, 3]` each, of any aspect.
        costs: by name, as content, style and total; what is not finite or not positive leaves a gap. Where there are
            none, there are no curves.
        changes: steps at which something changed, as the size, and to what; each is a line across the curves.

    Raises:
        ValueError: there are no images, or a curve has not as many steps as values.
    """
    if not images:
        raise ValueError("a sheet of a style transfer needs images")
    widths = [_ROW * _aspect(image) for image in images.values()]
    all_wide = sum(widths) + _GAP * (len(widths) - 1)
    width, height = (
        max(all_wide + 2 * _MARGIN, 5.0),
        _MARGIN + _LABEL + _ROW + (_CURVES if costs else _MARGIN),
    )
    figure = Figure(figsize=(width, height), dpi=_DPI, facecolor="white")
    left = (width - all_wide) / 2
    for (label, image), wide in zip(images.items(), widths, strict=True):
        axes = _placed(figure, left, _MARGIN + _LABEL, wide, _ROW)
        _show(axes, image)
        axes.set_title(label, fontsize=8, color=INK, pad=3.5)
        left += wide + _GAP
    if costs:
        curves = _placed(figure, 0.7, height - _CURVES + 0.25, width - 0.85, _CURVES - 0.7)
        _draw_costs(curves, costs, changes or {})
    return figure


def style_grid(
    contents: Mapping[str, Image], styles: Mapping[str, Image], generated: Sequence[Sequence[Image]]
) -> Figure:
    """Each content in each style: contents on the left, styles along the top, what was made of both where they meet.

    Args:
        contents: by label, uint8 `[H, W, 3]` each.
        styles: by label.
        generated: a row for each content, with an image for each style.

    Raises:
        ValueError: `generated` has not an image for each content in each style.
    """
    if not contents or not styles or [len(row) for row in generated] != [len(styles)] * len(contents):
        raise ValueError(
            f"a grid of {len(contents)} contents in {len(styles)} styles needs an image for each of both"
        )
    top = max(min(_STYLES, _COLUMN / _aspect(style)) for style in styles.values())
    heights = [_COLUMN / _aspect(content) for content in contents.values()]
    columns = [_MARGIN + _LABEL]
    columns.extend(columns[0] + _COLUMN + 2 * _GAP + (_COLUMN + _GAP) * i for i in range(len(styles)))
    down = _MARGIN + _LABEL + top + 2 * _GAP
    width = columns[-1] + _COLUMN + _MARGIN
    figure = Figure(
        figsize=(width, down + sum(heights) + _GAP * (len(heights) - 1) + _MARGIN),
        dpi=_DPI,
        facecolor="white",
    )
    for left, (label, style) in zip(columns[1:], styles.items(), strict=True):
        wide = min(_COLUMN, top * _aspect(style))
        tall = wide / _aspect(style)
        axes = _placed(figure, left + (_COLUMN - wide) / 2, down - 2 * _GAP - tall, wide, tall)
        _show(axes, style)
        axes.set_title(label, fontsize=8, color=INK, pad=3.5)
    for (label, content), row, tall in zip(contents.items(), generated, heights, strict=True):
        for left, image in zip(columns, (content, *row), strict=True):
            axes = _placed(figure, left, down, _COLUMN, tall)
            _show(axes, image)
            if left == columns[0]:
                axes.set_ylabel(label, fontsize=8, color=INK, labelpad=3.5)
        down += tall + _GAP
    return figure


def _aspect(image: Image) -> float:
    """Width over height."""
    if image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"an image of a style transfer is [H, W, 3], not {list(image.shape)}")
    return image.shape[1] / image.shape[0]


def _placed(figure: Figure, left: float, down: float, width: float, height: float) -> Axes:
    """Axes whose upper left corner is so many inches from that of the figure."""
    whole_width, whole_height = figure.get_size_inches()
    bottom = whole_height - down - height
    return figure.add_axes(
        (left / whole_width, bottom / whole_height, width / whole_width, height / whole_height)
    )


def _show(axes: Axes, image: Image) -> None:
    """An image that fills its axes."""
    axes.imshow(image, aspect="auto", interpolation="antialiased", interpolation_stage="rgba")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def _draw_costs(axes: Axes, costs: Mapping[str, Curve], changes: Mapping[int, str]) -> None:
    axes.set_yscale("log")
    lowest = []
    for (name, curve), colour in zip(costs.items(), COLOURS, strict=False):
        step, value = array(curve.step), array(curve.value).astype(np.float64)
        if step.shape != value.shape or step.ndim != 1:
            raise ValueError(f"{name} has {step.shape} steps but {value.shape} values")
        value = np.where(np.isfinite(value) & (value > 0), value, np.nan)
        lowest.append(np.nanpercentile(value, 5) if np.isfinite(value).any() else np.inf)
        alone = "o" if len(step) == 1 else None
        axes.plot(step, value, color=colour, linewidth=1.3, marker=alone, markersize=3, label=name)
    if np.isfinite(min(lowest)):  # a start from the content costs next to nothing for some steps
        axes.set_ylim(bottom=min(lowest) / 2)
    for start, what in changes.items():
        axes.axvline(start, color=INK, linewidth=0.6, linestyle=(0, (4, 3)))
        axes.annotate(
            what,
            (start, 1),
            xycoords=axes.get_xaxis_transform(),
            xytext=(0, 2.5),
            textcoords="offset points",
            fontsize=7,
            color=INK,
        )
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(INK)
    axes.tick_params(which="both", colors=INK, labelsize=7)
    axes.grid(color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.margins(x=0.01)
    axes.set_xlabel("step", fontsize=8, color=INK)
    axes.set_ylabel("cost", fontsize=8, color=INK)
    axes.legend(fontsize=7.5, frameon=False, loc="upper right", ncols=len(costs))
