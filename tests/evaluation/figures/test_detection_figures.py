"""Figures of a detector hold the numbers that they are drawn from."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from likeness.evaluation import Metric
from likeness.evaluation.detection import CumulativeErrors, HeightRecall
from likeness.evaluation.figures import (
    DetectedImage,
    cumulative_error_figure,
    detected_figure,
    height_figure,
    precision_recall_figure,
)

FACE, OTHER, THIRD, NOWHERE = [10, 10, 30, 30], [50, 10, 70, 40], [80, 50, 95, 70], [2, 60, 20, 75]
FOUND, MISSED, WRONG, ON_IGNORED, IGNORED = "#2bd9a0", "#ff5a36", "#ffd000", "#9ecbff", "#dddddd"


def texts_of(figure: Figure) -> list[str]:
    """Draws the figure, which must not fail; returns every text in it."""
    FigureCanvasAgg(figure).draw()
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


def legend_of(figure: Figure) -> list[str]:
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_precision_recall_curves_begin_where_something_entered_and_say_their_area() -> None:
    curves = {
        "ours": ([0, 0, 0.5, 1], [np.nan, np.nan, 1, 0.5]),
        "theirs": ([0.25, 0.5], [0.5, 0.5]),
        "blind": ([], []),
    }
    figure = precision_recall_figure(curves)
    texts_of(figure)
    ours, theirs, blind = figure.axes[0].lines
    assert ours.get_xydata().tolist() == [[0.5, 1], [1, 0.5]]
    assert theirs.get_xydata().tolist() == [[0.25, 0.5], [0.5, 0.5]]
    assert len(blind.get_xydata()) == 0
    assert legend_of(figure) == ["ours  (AP 0.750)", "theirs  (AP 0.250)", "blind  (AP 0.000)"]
    assert ours.get_color() != theirs.get_color()


def test_found_and_missed_faces_stand_on_one_another_under_their_recall() -> None:
    bins = [
        HeightRecall(0, 20, Metric(0.25, 40, 0.1, 0.4)),
        HeightRecall(20, 80, Metric(float("nan"), 0)),
        HeightRecall(80, float("inf"), Metric(1.0, 7, 1.0, 1.0)),
    ]
    figure = height_figure(bins)
    texts = texts_of(figure)
    above, below = figure.axes
    found, missed = ([bar.get_height() for bar in bars] for bars in below.containers)
    assert (found, missed) == ([10, 0, 7], [30, 0, 0])
    assert [bar.get_y() for bar in below.containers[1]] == found
    assert {"below 20", "20 to 80", "80 and more", "10 of 40", "0 of 0", "7 of 7"} <= set(texts)
    (recall,) = (line for line in above.lines if line.get_marker() == "o")
    np.testing.assert_array_equal(recall.get_ydata(), [0.25, np.nan, 1])
    ends = above.collections[0].get_segments()[0]
    np.testing.assert_allclose(ends[:, 1], [0.1, 0.4])
    assert legend_of(figure) == ["recall and its 95% interval", "found", "missed"]


def test_cumulative_errors_have_their_interval_and_the_failures_their_line() -> None:
    limit = np.array([0, 0.1, 0.2])
    curve = CumulativeErrors(limit, np.array([0, 0.5, 1]), np.array([0, 0.4, 0.9]), np.array([0, 0.6, 1]))
    figure = cumulative_error_figure({"ours": curve}, failure=0.1)
    texts_of(figure)
    (axes,) = figure.axes
    line, failed = axes.lines
    assert line.get_ydata().tolist() == [0, 0.5, 1]
    assert set(failed.get_xdata()) == {0.1}
    assert legend_of(figure) == ["ours", "failed above 0.1"]
    corners = axes.collections[0].get_paths()[0].vertices.tolist()
    assert [0.1, 0.4] in corners
    assert [0.1, 0.6] in corners
    assert legend_of(cumulative_error_figure({"ours": curve})) == ["ours"]


def colours_of(figure: Figure, place: int = 0) -> dict[str, list[list[float]]]:
    """The boxes of an image by the colour of their line: x, y, width, height each."""
    boxes: dict[str, list[list[float]]] = {}
    for patch in figure.axes[place].patches:
        boxes.setdefault(to_hex(patch.get_edgecolor()), []).append(
            [*patch.get_xy(), patch.get_width(), patch.get_height()]
        )
    return boxes


def test_each_kind_of_box_has_its_colour_and_a_false_positive_its_score() -> None:
    points = np.full((3, 5, 2), np.nan)
    points[0] = [[15, 15], [25, 15], [20, 20], [16, 25], [24, 25]]
    image = DetectedImage(
        np.zeros((80, 100, 3), np.uint8),
        [FACE, NOWHERE, THIRD],
        [0.6, 0.91, 0.4],
        points,
        [FACE, OTHER, THIRD],
        [False, False, True],
    )
    figure = detected_figure([image], titles=["a room"])
    texts = texts_of(figure)
    boxes = colours_of(figure)
    assert boxes[FOUND] == [[10, 10, 20, 20]]
    assert boxes[MISSED] == [[50, 10, 20, 30]]
    assert boxes[WRONG] == [[2, 60, 18, 15]]
    assert boxes[ON_IGNORED] == boxes[IGNORED] == [[80, 50, 15, 20]]
    assert legend_of(figure) == [
        "found",
        "missed",
        "false positive and its score",
        "on an ignored face",
        "ignored face",
        "points",
    ]
    assert [text for text in texts if text in {"0.60", "0.91", "0.40"}] == ["0.91"]
    assert "a room" in texts
    (axes,) = figure.axes
    drawn = [line.get_xydata().tolist() for line in axes.lines]
    assert drawn == [[], points[0].tolist(), []]  # highest score first
    assert axes.images[0].get_extent() == [
        0,
        100,
        80,
        0,
    ]  # a box at 0 begins at the first pixel's outer corner
    lines = {to_hex(patch.get_edgecolor()): patch.get_linestyle() for patch in axes.patches}
    assert len({lines[kind] for kind in (FOUND, MISSED, WRONG, IGNORED)}) == 4  # told apart without colours


def test_labels_of_heights_do_not_touch_however_many() -> None:
    bins = [HeightRecall(low, low + 20, Metric(0.5, 12345, 0.4, 0.6)) for low in range(100, 400, 20)]
    figure = height_figure([*bins, HeightRecall(400, float("inf"), Metric(0.9, 54321, 0.8, 1.0))])
    texts_of(figure)
    below = figure.axes[1]
    for texts in (below.get_xticklabels(), below.texts):
        extents = [text.get_window_extent() for text in texts]
        assert len(extents) == 16
        assert all(one.x1 < other.x0 for one, other in pairwise(extents))


def test_scores_hide_neither_each_other_nor_what_is_beside_the_image() -> None:
    draw = np.random.default_rng(0)
    corner = np.concatenate([draw.uniform(0, 380, (12, 2)), [[0, 0], [385, 0], [0, 385], [385, 385]]])
    boxes = np.concatenate([corner, corner + 15], axis=1)
    image = DetectedImage(
        np.zeros((400, 400, 3), np.uint8), boxes, np.full(16, 0.5), np.full((16, 5, 2), np.nan), [], []
    )
    figure = detected_figure([image, image])
    texts_of(figure)
    for axes in figure.axes:
        extents = [text.get_bbox_patch().get_window_extent() for text in axes.texts]
        assert len(extents) >= 14
        assert not any(one.overlaps(other) for one, other in combinations(extents, 2))
        frame = axes.get_window_extent()
        assert all(frame.x0 - 1 <= one.x0 and one.x1 <= frame.x1 + 1 for one in extents)
        assert all(frame.y0 - 1 <= one.y0 and one.y1 <= frame.y1 + 1 for one in extents)
    heap = image._replace(boxes=np.repeat(boxes[:1], 16, axis=0))
    (axes,) = detected_figure([heap]).axes
    assert 1 <= len(axes.texts) <= 6  # where there is no place for a score, it is left out


def test_of_many_false_positives_the_surest_are_drawn_and_the_others_counted() -> None:
    corner = np.stack(np.meshgrid(np.arange(9) * 40.0, np.arange(9) * 40.0), -1).reshape(-1, 2)
    boxes, scores = np.concatenate([corner, corner + 15], axis=1), np.linspace(0, 1, 81)
    points = np.full((81, 5, 2), np.nan)
    figure = detected_figure([DetectedImage(np.zeros((400, 400), np.uint8), boxes, scores, points, [], [])])
    drawn = sorted(tuple(box[:2]) for box in colours_of(figure)[WRONG])
    assert drawn == sorted(map(tuple, corner[-20:]))
    assert "and 61 more false positives" in texts_of(figure)


def test_a_long_title_ends_with_its_image() -> None:
    image = DetectedImage(np.zeros((90, 120), np.uint8), [], [], np.zeros((0, 5, 2)), [], [])
    figure = detected_figure(
        [image] * 3, titles=["a", "m" * 12, "folder/" + "photograph_of_a_crowd_" * 5 + "017.jpg"]
    )
    titles = [text for text in texts_of(figure) if text.startswith(("a", "m", "folder/"))]
    assert titles[:2] == ["a", "m" * 12]
    assert "…" in titles[2]
    assert titles[2].endswith("_017.jpg")
    for axes in figure.axes:
        assert axes._left_title.get_window_extent().x1 <= axes.get_window_extent().x1


def test_images_of_any_shape_stand_in_rows_and_empty_ones_are_drawn() -> None:
    empty = np.zeros((0, 5, 2))
    tall = DetectedImage(np.zeros((300, 40), np.uint8), [], [], empty, [FACE], [False])
    wide = DetectedImage(np.zeros((30, 200, 3), np.uint8), [], [], empty, [], [])
    speck = DetectedImage(np.zeros((1, 1, 3), np.uint8), [], [], empty, [], [])
    figure = detected_figure([tall, wide, speck], columns=2)
    texts_of(figure)
    assert [len(axes.images) for axes in figure.axes] == [1, 1, 1, 0]
    assert legend_of(figure) == ["missed"]
    nothing = detected_figure([wide])
    texts_of(nothing)
    assert legend_of(nothing) == []


def test_what_a_figure_cannot_be_drawn_of_is_refused() -> None:
    image = DetectedImage(np.zeros((9, 9), np.uint8), [], [], np.zeros((0, 5, 2)), [], [])
    with pytest.raises(ValueError, match="at least one detector"):
        precision_recall_figure({})
    with pytest.raises(ValueError, match="at least one bin"):
        height_figure([])
    with pytest.raises(ValueError, match="at least one curve"):
        cumulative_error_figure({})
    with pytest.raises(ValueError, match="at least one image"):
        detected_figure([])
    with pytest.raises(ValueError, match="columns=0 must be 1 or more"):
        detected_figure([image], columns=0)
    with pytest.raises(ValueError, match="`titles` are 2, but the images 1"):
        detected_figure([image], titles=["a", "b"])
    with pytest.raises(ValueError, match=r"points must be \[0, P, 2\], but their shape is \(1, 5, 2\)"):
        detected_figure([image._replace(points=np.zeros((1, 5, 2)))])
    with pytest.raises(ValueError, match=r"points must be \[1, P, 2\], but their shape is \(1, 10\)"):
        detected_figure([image._replace(boxes=[[0, 0, 5, 5]], scores=[1], points=np.zeros((1, 10)))])
    with pytest.raises(ValueError, match="NaN"):
        detected_figure([image._replace(boxes=[[0, 0, 5, 5]], scores=[np.nan])])
