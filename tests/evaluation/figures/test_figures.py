import subprocess
import sys

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from likeness.evaluation import roc, tar_at_far
from likeness.evaluation.figures import (
    Curve,
    curves_figure,
    distance_figure,
    embedding_figure,
    hardest_figure,
    hardest_pairs,
    one_shot_figure,
    reliability_figure,
    roc_figure,
)


def drawn(figure):
    """Draws the figure; returns its pixels `[H, W, 3]` and every text in it."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    texts = [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]
    return np.asarray(canvas.buffer_rgba())[..., :3], texts


@pytest.fixture
def pairs():
    draw = np.random.default_rng(0)
    same = np.arange(400) % 2 == 0
    return draw.normal(np.where(same, 1, 2), 0.4), same


def test_roc_curves_start_at_what_the_negatives_resolve(pairs):
    distance, same = pairs
    figure = roc_figure({"ours": pairs, "reversed": (-distance, same)})
    _, texts = drawn(figure)
    axes = figure.axes[0]
    assert axes.get_xscale() == "log"
    assert axes.get_xlim() == (1 / 200, 1)
    far, tar = axes.lines[0].get_data()
    assert far[0] == 1 / 200
    assert tar[0] == tar_at_far(roc(distance, same), 1 / 200)
    assert (far[-1], tar[-1]) == (1, 1)
    assert any(text.startswith("ours  (AUC 0.9") for text in texts)


def test_histograms_hold_each_kind_whole(pairs):
    figure = distance_figure(*pairs, threshold=1.5)
    _, texts = drawn(figure)
    filled = [patch for patch in figure.axes[0].patches if patch.get_fill()]
    assert [patch.get_data().values.sum() for patch in filled] == pytest.approx([100, 100])
    assert {"same identity (200 pairs)", "different identities (200 pairs)", "threshold 1.5"} <= set(texts)
    drawn(distance_figure(np.ones(4), [0, 1, 0, 1]))  # a collapsed encoding


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_the_map_is_the_same_on_every_call(method):
    draw = np.random.default_rng(1)
    identity = np.repeat(np.arange(20), 3)
    embeddings = draw.normal(size=(20, 8))[identity] + 0.1 * draw.normal(size=(60, 8))
    one, other = (drawn(embedding_figure(embeddings, identity, method=method))[0] for _ in range(2))
    assert np.array_equal(one, other)


def test_the_map_shows_images_and_names_and_refuses_a_crowd():
    embeddings, identity = np.eye(4), np.array([7, 7, 9, 9])
    images = [np.zeros((8, 8), np.uint8), *[np.full((8, 8, 3), 255, np.uint8)] * 3]
    _, texts = drawn(embedding_figure(embeddings, identity, names=["Ada", "Alan"], images=images))
    assert {"Ada", "Alan"} <= set(texts)
    drawn(embedding_figure(np.zeros((4, 4)), identity))  # a collapsed encoding
    with pytest.raises(ValueError, match="at most 20 identities, but there are 21"):
        embedding_figure(np.eye(21), np.arange(21))
    with pytest.raises(ValueError, match="as many identities"):
        embedding_figure(embeddings, identity, images=images[:2])


def test_the_hardest_pairs_are_the_worst_of_each_kind():
    worst = hardest_pairs([5, 1, 7, 0.5, 7, 1, 2], [1, 0, 1, 0, 1, 0, 1], 3)
    assert worst.same.tolist() == [2, 4, 0]  # equal distances in order of index
    assert worst.different.tolist() == [3, 1, 5]
    assert hardest_pairs([1, 2], [1, 0], 9).same.tolist() == [0]


def test_only_the_images_shown_are_asked_for(pairs):
    asked = []

    def image(pair):
        asked.append(pair)
        return np.zeros((6, 6), np.uint8), np.zeros((6, 6, 3), np.uint8)

    _, texts = drawn(hardest_figure(*pairs, image, count=2, threshold=10))
    worst = hardest_pairs(*pairs, 2)
    assert asked == [*worst.same, *worst.different]
    assert f"{pairs[0][worst.same[0]]:.3g} (right)" in texts  # below the threshold, so called the same
    assert f"{pairs[0][worst.different[0]]:.3g}" in texts
    with pytest.raises(ValueError, match="differ in shape"):
        hardest_figure(*pairs, lambda _: (np.zeros((6, 6), np.uint8), np.zeros((7, 6), np.uint8)))


def test_curves_share_their_steps_and_bear_gaps():
    step = np.arange(200)
    loss = np.where(step == 50, np.nan, 1 / (1 + step))
    short = Curve(step[::50], [0.5, 0.6, 0.7, 0.8], share=True)
    figure = curves_figure({"loss": {"loss": Curve(step, loss)}, "accuracy": {"validation": short}})
    drawn(figure)
    assert figure.axes[0].get_xlim() == figure.axes[1].get_xlim()
    smooth = figure.axes[0].lines[1].get_ydata()
    assert smooth[100] == pytest.approx(np.median(loss[98:103]))
    drawn(curves_figure({"loss": {"loss": Curve(step, np.full(200, np.inf))}}))
    with pytest.raises(ValueError, match="steps but"):
        curves_figure({"loss": {"loss": Curve([1, 2], [1])}})


def test_no_global_state_of_pyplot_and_no_torch():
    code = (
        "import sys, likeness.evaluation.figures;"
        "print('matplotlib.pyplot' in sys.modules, 'torch' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.split() == ["False", "False"]


def test_a_reliability_diagram_shows_each_bin_s_share_and_size():
    probability = np.repeat([0.05, 0.5, 0.95], [40, 10, 50])
    same = np.concatenate([np.arange(40) < 10, np.arange(10) < 5, np.ones(50, bool)])
    figure = reliability_figure(probability, same, bins=10)
    _, texts = drawn(figure)
    above, below = figure.axes
    np.testing.assert_allclose(above.lines[1].get_xydata(), [[0.05, 0.25], [0.5, 0.5], [0.95, 1.0]])
    assert [bar.get_height() for bar in below.patches] == [40, 10, 50]
    assert "these pairs (expected calibration error 10.5%)" in texts  # 0.4 * 20% + 0.1 * 0 + 0.5 * 5%


def test_one_shot_recognition_is_shown_by_group_the_best_last():
    scores = {
        "trained": np.array([[1, 1], [1, 0], [1, 0.5]]),
        "raw pixels": np.array([[0, 1], [0, 0], [0, 0]]),
    }
    groups = np.array([["Greek", "Greek"], ["N_Ko", "N_Ko"], ["Latin", "Latin"]])
    figure = one_shot_figure(scores, groups)
    _, texts = drawn(figure)
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["N Ko", "Latin", "Greek"]
    points = [line.get_xdata().tolist() for line in axes.lines if line.get_linestyle() == "None"]
    assert points == [[0.5, 0.75, 1.0], [0.0, 0.0, 0.5]]
    assert {"trained (75.0%)", "raw pixels (16.7%)"} <= set(texts)
