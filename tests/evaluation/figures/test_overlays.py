"""Figures that lay several runs over one another."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from likeness.evaluation.figures.overlaid_curves import overlaid_figure
from likeness.evaluation.figures.roc_over_seeds import roc_over_seeds_figure


def test_the_strong_roc_is_the_mean_and_the_faint_ones_are_the_seeds() -> None:
    far = np.array([0.01, 0.1, 1.0])
    tar = np.array([[0.2, 0.5, 1.0], [0.4, 0.9, 1.0], [0.3, 0.1, 1.0]])
    figure = roc_over_seeds_figure({"ours": [np.stack([far, one], axis=1) for one in tar]})
    *seeds, mean, _ = figure.axes[0].lines
    assert np.array_equal([line.get_ydata() for line in seeds], tar)
    assert np.allclose(mean.get_ydata(), [0.3, 0.5, 1.0])
    assert np.array_equal(mean.get_xdata(), far)
    assert mean.get_label() == "ours  (mean of 3 seeds)"
    assert mean.get_linewidth() > seeds[0].get_linewidth()


def test_one_seed_is_drawn_once_and_unlike_rates_are_refused() -> None:
    one = np.array([[0.1, 0.5], [1.0, 1.0]])
    figure = roc_over_seeds_figure({"ours": [one]})
    assert len(figure.axes[0].lines) == 2  # it, and chance
    with pytest.raises(ValueError, match="other false accept rates"):
        roc_over_seeds_figure({"ours": [one, np.array([[0.2, 0.5], [1.0, 1.0]])]})


def test_a_run_keeps_its_colour_in_every_panel_and_has_its_own_values() -> None:
    runs = {
        "a": {"train/loss": {1: 0.5, 2: 0.25}, "validation/accuracy": {2: 0.8}},
        "b": {"train/loss": {2: 0.3, 1: 0.6}},
        "c": {"train/loss": {1: float("nan")}, "validation/accuracy": {2: 0.9}},
    }
    figure = overlaid_figure(runs)
    loss, accuracy = (axes for axes in figure.axes if axes.get_visible())
    assert (loss.get_title(loc="left"), accuracy.get_title(loc="left")) == (
        "train/loss",
        "validation/accuracy",
    )
    a, b, c = loss.lines
    assert a.get_xydata().tolist() == [[1, 0.5], [2, 0.25]]
    assert b.get_xydata().tolist() == [[1, 0.6], [2, 0.3]]
    a2, c2 = accuracy.lines
    colours = [to_hex(line.get_color()) for line in (a, b, c)]
    assert len(set(colours)) == 3
    assert [to_hex(line.get_color()) for line in (a2, c2)] == [colours[0], colours[2]]
    assert [text.get_text() for text in figure.legends[0].texts] == ["a", "b", "c"]


def test_no_metric_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one logged metric"):
        overlaid_figure({"a": {}})
