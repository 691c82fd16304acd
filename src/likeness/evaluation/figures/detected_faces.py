"""Images with what was found in them drawn on."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import array
from likeness.evaluation.detection.images import checked_images
from likeness.evaluation.detection.matching import FOUND, NEITHER, WRONG, match
from likeness.evaluation.figures.style import COLOURS, INK, bare, quiet_figure

_MISSED, _IGNORED = 2, 3
# Told apart by the dashes too, and light enough to stand on a dark photograph.
_LOOKS: dict[int, tuple[str, str, Literal["-", "--", "-.", ":"]]] = {
    FOUND: ("found", "#2BD9A0", "-"),
    _MISSED: ("missed", "#FFB000", "--"),
    WRONG: ("false positive", COLOURS[1], "-."),
    NEITHER: ("on an ignored face", "#9ECBFF", ":"),
    _IGNORED: ("ignored face", "#DDDDDD", ":"),
}
_CELL = 3.2  # inches: the width of an image; its height is at most 1.4 times as much


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

    Each false positive says its score. Hand in what scores above the decision threshold alone.
    """
    if not images:
        raise ValueError("a figure of detected faces needs at least one image")
    if columns < 1:
        raise ValueError(f"columns={columns} must be 1 or more")
    if titles and len(titles) != len(images):
        raise ValueError(f"`titles` are {len(titles)}, but the images {len(images)}")
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    heights = [
        _CELL
        * max(min(1.4, one.image.shape[0] / one.image.shape[1]) for one in images[start : start + columns])
        for start in range(0, len(images), columns)
    ]
    figure, axes = quiet_figure(
        rows,
        columns,
        size=(max(_CELL * columns + 0.2, 4.6), sum(heights) + (0.3 if titles else 0.1) * rows + 0.5),
        heights=heights,
    )
    shown: set[int] = set()
    for place, one in enumerate(axes):
        bare(one)
        if place >= len(images):
            continue
        shown |= _draw(one, images[place], iou)
        if titles:
            one.set_title(titles[place], fontsize=9, color=INK, loc="left")
    handles = [
        Line2D([], [], color=colour, linestyle=dashes, linewidth=2, label=label)
        for kind, (label, colour, dashes) in _LOOKS.items()
        if kind in shown
    ]
    if handles:
        legend = figure.legend(
            handles=handles,
            loc="outside upper left",
            ncols=3 if columns == 1 else 5,
            fontsize=9,
            frameon=False,
        )
        legend.set_in_layout(True)
    return figure


def _draw(axes: Axes, one: DetectedImage, iou: float) -> set[int]:
    """Draws an image and its boxes; returns the kinds of boxes in it."""
    height, width = one.image.shape[:2]
    (checked,) = checked_images([one.boxes], [one.scores], [one.faces], [one.ignored])
    # Boxes are measured from the outer corner of the first pixel, so the image spans 0 to its width.
    axes.imshow(
        one.image, cmap="gray", vmin=0, vmax=255, extent=(0, width, height, 0), interpolation="antialiased"
    )
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    matches = match(checked, iou)
    kinds = set()
    missed = ~checked.ignored & np.isneginf(matches.found_at)
    for chosen, kind in ((checked.ignored, _IGNORED), (missed, _MISSED)):
        for box in checked.faces[chosen]:
            kinds.add(kind)
            _box(axes, box, kind)
    for box, score, verdict in zip(checked.boxes, checked.scores, matches.verdict.tolist(), strict=True):
        kinds.add(verdict)
        _box(axes, box, verdict)
        if verdict == WRONG:
            _label(axes, box, f"{score:.2f}", width, height)
    points = array(one.points).astype(np.float64)
    if len(points) != len(checked.boxes) or (len(points) and (points.ndim != 3 or points.shape[2] != 2)):
        raise ValueError(f"points must be [{len(checked.boxes)}, P, 2], but their shape is {points.shape}")
    for box, dots in zip(checked.boxes, points[checked.order], strict=True):
        # About a twelfth of the face, so that small faces are not hidden behind their points.
        dot = float(np.clip((box[3] - box[1]) / width * _CELL * 72 / 12, 0.9, 3.2))
        axes.plot(
            *dots[~np.isnan(dots).any(axis=1)].T,
            linestyle="none",
            marker="o",
            markersize=dot,
            color="white",
            markeredgecolor=INK,
            markeredgewidth=dot / 4,
        )
    return kinds


def _box(axes: Axes, box: NDArray[np.float64], kind: int) -> None:
    _, colour, dashes = _LOOKS[kind]
    corner, size = (box[0], box[1]), box[2:] - box[:2]
    for edge, line, width in ((INK, "-", 2.6), (colour, dashes, 1.6)):  # a dark edge, for bright photographs
        axes.add_patch(Rectangle(corner, *size, fill=False, edgecolor=edge, linestyle=line, linewidth=width))


def _label(axes: Axes, box: NDArray[np.float64], text: str, width: int, height: int) -> None:
    """A text above a box, or below it where the box is at the image's upper border, so that no title is hidden."""
    above = box[1] > 0.08 * height
    axes.annotate(
        text,
        (np.clip(box[0], 0, width), np.clip(box[1] if above else box[3], 0, height)),
        (1, 2 if above else -2),
        textcoords="offset points",
        fontsize=7,
        color="white",
        va="bottom" if above else "top",
        bbox={"facecolor": _LOOKS[WRONG][1], "edgecolor": "none", "pad": 1},
        annotation_clip=False,
    )
