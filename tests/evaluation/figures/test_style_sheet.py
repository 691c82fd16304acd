from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from likeness.evaluation.figures import Curve, style_grid, style_sheet


def drawn(figure):
    """Draws the figure; returns its pixels `[H, W, 3]` and every text in it."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    texts = [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]
    return np.asarray(canvas.buffer_rgba())[..., :3], texts


def plain(height, width, colour):
    return np.broadcast_to(np.array(colour, np.uint8), (height, width, 3))


def box(pixels, colour):
    """The rows and columns `(top, bottom, left, right)` that are of a colour, and whether they are so throughout."""
    rows, columns = np.nonzero((pixels == colour).all(2))
    top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    assert (pixels[top + 1 : bottom - 1, left + 1 : right - 1] == colour).all()
    return top, bottom, left, right


RED, GREEN, BLUE = (200, 10, 10), (10, 200, 10), (10, 10, 200)


def costs(steps=60):
    step = np.arange(steps)
    return {
        name: Curve(step, scale / (1 + step)) for name, scale in (("content", 1), ("style", 9), ("total", 10))
    }


def test_a_sheet_shows_its_images_whole_in_a_row_of_one_height():
    images = {"a.jpg": plain(60, 90, RED), "b.jpg": plain(120, 60, GREEN), "generated": plain(60, 90, BLUE)}
    pixels, texts = drawn(style_sheet(images, costs()))
    boxes = [box(pixels, colour) for colour in (RED, GREEN, BLUE)]
    assert len({(top, bottom) for top, bottom, _, _ in boxes}) == 1
    for (top, bottom, left, right), image in zip(boxes, images.values(), strict=True):
        assert (right - left) / (bottom - top) == pytest.approx(image.shape[1] / image.shape[0], rel=0.02)
        assert bottom - top >= 400  # pixels, so that strokes can be seen
    assert all(before[3] < after[2] for before, after in pairwise(boxes))
    assert {"a.jpg", "b.jpg", "generated", "content", "style", "total", "step"} <= set(texts)


def test_costs_are_on_a_logarithmic_scale_and_changes_are_marked():
    curves = costs()
    figure = style_sheet({"g": plain(40, 40, RED)}, curves, changes={0: "128 pixels", 30: "256 pixels"})
    _, texts = drawn(figure)
    axes = figure.axes[-1]
    assert axes.get_yscale() == "log"
    for line, curve in zip(axes.lines, curves.values(), strict=False):
        np.testing.assert_allclose(line.get_xydata(), np.stack([curve.step, curve.value], 1))
    assert [line.get_xdata()[0] for line in axes.lines[3:]] == [0, 30]
    assert {"128 pixels", "256 pixels"} <= set(texts)


def test_costs_of_nothing_and_gaps_do_no_harm():
    value = np.full(60, 0.5)
    value[:3], value[10], value[11] = (0.0, 1e-12, 1e-9), np.nan, np.inf
    figure = style_sheet({"g": plain(40, 40, RED)}, {"content": Curve(np.arange(60), value)})
    drawn(figure)
    axes = figure.axes[-1]
    assert np.isnan(axes.lines[0].get_ydata()[[0, 10, 11]]).all()
    assert 0.1 < axes.get_ylim()[0] < 0.5  # a few near-zero costs at the start don't flatten the rest
    drawn(style_sheet({"g": plain(40, 40, RED)}, {"total": Curve([0], [0.0])}))
    drawn(style_sheet({"g": plain(40, 40, RED)}, {"total": Curve([0], [1.0])}))


def test_a_grid_has_what_was_made_where_content_and_style_meet():
    colours = {(i, j): (20 + 60 * i, 20 + 60 * j, 99) for i in range(2) for j in range(3)}
    contents = {"one": plain(50, 100, RED), "two": plain(100, 100, GREEN)}
    styles = {"x": plain(100, 50, BLUE), "y": plain(50, 100, (9, 9, 9)), "z": plain(70, 70, (99, 99, 9))}
    shapes = [content.shape[:2] for content in contents.values()]
    generated = [[plain(*shapes[i], colours[i, j]) for j in range(3)] for i in range(2)]
    pixels, texts = drawn(style_grid(contents, styles, generated))
    assert {"one", "two", "x", "y", "z"} <= set(texts)
    rows = [box(pixels, content[0, 0]) for content in contents.values()]
    columns = [box(pixels, style[0, 0]) for style in styles.values()]
    for (i, j), colour in colours.items():
        top, bottom, left, right = box(pixels, colour)
        assert (top, bottom) == rows[i][:2]
        assert left <= columns[j][2] + 1
        assert right >= columns[j][3] - 1
        assert rows[i][3] < left
        assert columns[j][1] < top
        assert (right - left) / (bottom - top) == pytest.approx(shapes[i][1] / shapes[i][0], rel=0.02)


def test_without_costs_there_are_no_curves():
    figure = style_sheet({"a": plain(40, 40, RED)}, {})
    assert len(figure.axes) == 1


def test_what_can_t_be_drawn_is_said():
    image = plain(40, 40, RED)
    with pytest.raises(ValueError, match="needs images"):
        style_sheet({}, costs())
    with pytest.raises(ValueError, match="steps but"):
        style_sheet({"a": image}, {"total": Curve([1, 2], [1.0])})
    with pytest.raises(ValueError, match=r"\[H, W, 3\], not \[40, 40\]"):
        style_sheet({"a": image[..., 0]}, costs())
    with pytest.raises(ValueError, match="a grid of 1 contents in 2 styles needs an image for each"):
        style_grid({"a": image}, {"b": image, "c": image}, [[image]])
