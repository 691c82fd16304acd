"""Images with what was found in them drawn on."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import array
from likeness.evaluation.detection.images import checked_images
from likeness.evaluation.detection.matching import FOUND, NEITHER, WRONG, match
from likeness.evaluation.figures.style import INK, bare, quiet_figure

_MISSED, _IGNORED = 2, 3
# Told apart by the dashes too, and light enough to stand on a dark photograph.
_LOOKS: dict[int, tuple[str, str, Literal["-", "--", "-.", ":"]]] = {
    FOUND: ("found", "#2BD9A0", "-"),
    _MISSED: ("missed", "#FF5A36", "--"),
    WRONG: ("false positive and its score", "#FFD000", "-."),
    NEITHER: ("on an ignored face", "#9ECBFF", ":"),
    _IGNORED: ("ignored face", "#DDDDDD", ":"),
}
_DOT: dict[str, Any] = {"marker": "o", "color": "white", "markeredgecolor": INK}
_WHOLE, _CELL = (
    7.0,
    3.2,
)  # inches: the least width of a sheet, and of an image; its height is at most 1.4 times as much
_MOST_WRONG = 20  # false positives of an image that are drawn: hundreds would hide it
_LETTER, _LINE = 4.6, 9.0  # points: the width of a figure and the height of a line in a label, rounded up


class DetectedImage(NamedTuple):
    """An image uint8 `[H, W]` or `[H, W, 3]`, what was found in it and what is annotated.

    `boxes [D, 4]`, `scores [D]`, `points [D, P, 2]` (NaN: unknown) of the detections; `faces [F, 4]`, `ignored [F]`.
    """

    image: NDArray[np.uint8]
    boxes: ArrayLike
    scores: ArrayLike
    points: ArrayLike
    faces: ArrayLike
    ignored: ArrayLike


def detected_figure(
    images: Sequence[DetectedImage], *, iou: float = 0.5, columns: int = 3, titles: Sequence[str] = ()
) -> Figure:
    """The images in rows of `columns`, a box for each detection and each missed face, told apart by `match`.

    Each false positive says its score; of many the 20 surest are drawn, and how many more there are is said. Hand in
    what scores above the decision threshold alone. A title that is longer than its image is wide is shortened in its
    middle.
    """
    if not images:
        raise ValueError("a figure of detected faces needs at least one image")
    if columns < 1:
        raise ValueError(f"columns={columns} must be 1 or more")
    if titles and len(titles) != len(images):
        raise ValueError(f"`titles` are {len(titles)}, but the images {len(images)}")
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    cell = max(_CELL, _WHOLE / columns)  # inches
    heights = [
        cell
        * max(min(1.4, one.image.shape[0] / one.image.shape[1]) for one in images[start : start + columns])
        for start in range(0, len(images), columns)
    ]
    figure, axes = quiet_figure(
        rows,
        columns,
        size=(cell * columns + 0.2, sum(heights) + (0.3 if titles else 0.1) * rows + 0.5),
        heights=heights,
    )
    shown: set[int] = set()
    pointed = False
    for place, one in enumerate(axes):
        bare(one)
        one.set_anchor("NW")  # so that the images of a row begin at one height
        if place >= len(images):
            continue
        shown |= _draw(one, images[place], cell, iou)
        pointed |= any(array(line.get_xdata()).size for line in one.lines)
        if titles:
            one.set_title(_shortened(titles[place], int(cell * 72 / 5.5)), fontsize=9, color=INK, loc="left")
    handles = [
        Line2D([], [], color=colour, linestyle=dashes, linewidth=2, label=label)
        for kind, (label, colour, dashes) in _LOOKS.items()
        if kind in shown
    ]
    if pointed:
        handles.append(Line2D([], [], linestyle="none", markersize=4, label="points", **_DOT))
    if handles:
        legend = figure.legend(handles=handles, loc="outside upper left", ncols=3, fontsize=9, frameon=False)
        legend.set_in_layout(True)
    return figure


def _draw(axes: Axes, one: DetectedImage, cell: float, iou: float) -> set[int]:
    """Draws an image, `cell` inches wide, and its boxes; returns the kinds of boxes in it."""
    height, width = one.image.shape[:2]
    (checked,) = checked_images([one.boxes], [one.scores], [one.faces], [one.ignored])
    # Boxes are measured from the outer corner of the first pixel, so the image spans 0 to its width.
    axes.imshow(
        one.image, cmap="gray", vmin=0, vmax=255, extent=(0, width, height, 0), interpolation="antialiased"
    )
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    point = max(width, height / 1.4) / (cell * 72)  # a typographic point, in pixels of the image
    matches = match(checked, iou)
    kinds = set()
    missed = ~checked.ignored & np.isneginf(matches.found_at)
    for chosen, kind in ((checked.ignored, _IGNORED), (missed, _MISSED)):
        for box in checked.faces[chosen]:
            kinds.add(kind)
            _box(axes, box, kind, point)
    wrong = np.flatnonzero(matches.verdict == WRONG)
    wrong, too_many = wrong[:_MOST_WRONG], wrong[_MOST_WRONG:]  # the surest first, as `checked` has them
    drawn = np.setdiff1d(np.arange(len(checked.boxes)), too_many)
    for box, verdict in zip(checked.boxes[drawn], matches.verdict[drawn].tolist(), strict=True):
        kinds.add(verdict)
        _box(axes, box, verdict, point)
    if len(too_many):
        axes.annotate(
            f"and {len(too_many):,} more false positives",
            (0, 0),
            xytext=(4, 4),
            xycoords="axes fraction",
            textcoords="offset points",
            fontsize=7.5,
            bbox={"facecolor": _LOOKS[WRONG][1], "edgecolor": "none", "pad": 1.5},
        )
    _label(axes, checked.boxes[wrong], [f"{score:.2f}" for score in checked.scores[wrong]], point)
    points = array(one.points).astype(np.float64)
    if len(points) != len(checked.boxes) or (len(points) and (points.ndim != 3 or points.shape[2] != 2)):
        raise ValueError(f"points must be [{len(checked.boxes)}, P, 2], but their shape is {points.shape}")
    for box, dots in zip(checked.boxes[drawn], points[checked.order][drawn], strict=True):
        # About a twelfth of the face, so that small faces are not hidden behind their points.
        dot = float(np.clip((box[3] - box[1]) / point / 12, 0.7, 3.2))
        axes.plot(
            *dots[~np.isnan(dots).any(axis=1)].T,
            linestyle="none",
            markersize=dot,
            markeredgewidth=dot / 4,
            **_DOT,
        )
    return kinds


def _box(axes: Axes, box: NDArray[np.float64], kind: int, point: float) -> None:
    _, colour, dashes = _LOOKS[kind]
    corner, size = (box[0], box[1]), box[2:] - box[:2]
    line = float(np.clip(size[1] / point / 10, 0.7, 1.6))  # thin around small faces
    for edge, style, width in (
        (INK, "-", 1.6 * line),
        (colour, dashes, line),
    ):  # dark, for bright photographs
        axes.add_patch(Rectangle(corner, *size, fill=False, edgecolor=edge, linestyle=style, linewidth=width))


def _label(axes: Axes, boxes: NDArray[np.float64], texts: Sequence[str], point: float) -> None:
    """Writes each text above its box, below it or inside, wherever it hides no other and does not leave the image.

    Where there is no such place, it is left out: the score of one of many false positives in a heap.
    """
    right, bottom = axes.get_xlim()[1], axes.get_ylim()[0]
    taken: list[tuple[float, float, float, float]] = []
    for (x1, y1, x2, y2), text in zip(boxes.tolist(), texts, strict=True):
        wide, high = _LETTER * len(text) * point, _LINE * point
        places = [(x, y) for y in (y1 - high, y2, y1) for x in (x1, x2 - wide)]
        for x, y in places:
            inside = x >= 0 and y >= 0 and x + wide <= right and y + high <= bottom
            if inside and all(
                x >= there[2] or y >= there[3] or x + wide <= there[0] or y + high <= there[1]
                for there in taken
            ):
                taken.append((x, y, x + wide, y + high))
                axes.annotate(
                    text,
                    (x + wide / 2, y + high / 2),
                    fontsize=6.5,
                    color="black",
                    ha="center",
                    va="center_baseline",
                    bbox={"facecolor": _LOOKS[WRONG][1], "edgecolor": "none", "pad": 0.8},
                )
                break


def _shortened(text: str, letters: int) -> str:
    if len(text) <= letters:
        return text
    return f"{text[: (letters - 1) // 2]}…{text[-(letters // 2) :]}"
