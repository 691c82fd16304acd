from itertools import pairwise

import numpy as np
import pytest
from detection_sets import drawn_set
from sklearn.metrics import precision_recall_curve

from likeness.evaluation.bootstrap import draws
from likeness.evaluation.detection import (
    average_precision,
    checked_images,
    evaluate_average_precision,
    match,
    precision_recall,
)

LEFT, RIGHT, FAR = [0, 0, 10, 10], [20, 0, 30, 10], [80, 80, 90, 90]


def slow_average_precision(images, iou):
    """Every threshold anew, and the area under the best precision at each recall or a higher one."""
    judged = [(one, match(one, iou)) for one in images]
    total = sum(np.count_nonzero(~one.ignored) for one in images)
    points = [(0.0, 0.0)]
    for threshold in sorted({score for one in images for score in one.scores}, reverse=True):
        kinds = [kind for one, m in judged for kind in m.verdict[one.scores >= threshold] if kind != -1]
        if kinds:
            points.append((sum(kinds) / total, sum(kinds) / len(kinds)))
    levels = sorted({recall for recall, _ in points})
    return sum(
        (high - low) * max(precision for recall, precision in points if recall >= high)
        for low, high in pairwise(levels)
    )


def test_worked_by_hand():
    # By falling score: found, wrong, found; three faces are annotated.
    curve = precision_recall([[LEFT, FAR], [RIGHT]], [[0.9, 0.8], [0.7]], [[LEFT], [RIGHT, LEFT]])
    assert curve.recall == pytest.approx([1 / 3, 1 / 3, 2 / 3])
    assert curve.precision == pytest.approx([1, 1 / 2, 2 / 3])
    assert curve.threshold.tolist() == [0.9, 0.8, 0.7]
    assert average_precision(curve.recall, curve.precision) == pytest.approx(1 / 3 + 2 / 9)


def test_the_best_precision_further_on_counts():
    assert average_precision([0, 0.5, 1], [0, 0.5, 0.75]) == pytest.approx(0.75)
    assert average_precision([0, 0.5], [np.nan, 1]) == pytest.approx(0.5)
    assert average_precision([0.5, 1.0], [1, 0.5]) == pytest.approx(0.75)
    with pytest.raises(ValueError, match="must rise"):
        average_precision([0.5, 0.2], [1, 1])
    with pytest.raises(ValueError, match="must be alike"):
        average_precision([0.5], [1, 1])


@pytest.mark.parametrize("decimals", [1, 6])
@pytest.mark.parametrize("seed", range(3))
def test_equals_a_slow_computation(seed, decimals):
    drawn = drawn_set(seed, decimals=decimals)
    measured = evaluate_average_precision(*drawn, iou=0.4, resamples=2)
    assert measured.value == pytest.approx(slow_average_precision(checked_images(*drawn), 0.4))
    assert measured.count == sum(np.count_nonzero(~one) for one in drawn[3])


def test_the_curve_is_that_of_scikit_learn_where_every_face_is_found():
    draw = np.random.default_rng(0)
    scores = np.round(draw.random(40), 1)
    right = draw.random(40) < 0.6
    curve = precision_recall(
        [[LEFT if kind else FAR] for kind in right],
        scores[:, None],
        [[LEFT] if kind else [] for kind in right],
    )
    precision, recall, threshold = precision_recall_curve(right, scores)
    assert curve.precision == pytest.approx(precision[:-1][::-1])
    assert curve.recall == pytest.approx(recall[:-1][::-1])
    assert curve.threshold == pytest.approx(threshold[::-1])


def test_ties_do_not_depend_on_the_order_of_images():
    boxes, faces = [[LEFT], [FAR], [LEFT]], [[LEFT], [LEFT], [LEFT]]
    values = [
        evaluate_average_precision(
            [boxes[i] for i in order], [[0.5]] * 3, [faces[i] for i in order], resamples=2
        ).value
        for order in ([0, 1, 2], [1, 0, 2], [2, 1, 0])
    ]
    assert values == pytest.approx([4 / 9] * 3)


def test_low_faces_are_ignored():
    tall = [40, 40, 50, 70]
    drawn = ([[LEFT, tall]], [[0.9, 0.8]], [[LEFT, tall, RIGHT]])
    assert evaluate_average_precision(*drawn, resamples=2).value == pytest.approx(2 / 3)
    assert evaluate_average_precision(*drawn, least_height=10, resamples=2).value == pytest.approx(2 / 3)
    measured = evaluate_average_precision(*drawn, least_height=10.5, resamples=2)
    assert measured[:2] == (pytest.approx(1), 1)
    with pytest.raises(ValueError, match="least_height=-1"):
        precision_recall(*drawn, least_height=-1)


def test_degenerate_sets():
    nothing = evaluate_average_precision([[], []], [[], []], [[LEFT], [RIGHT]])
    assert nothing[:2] == (0.0, 2)
    no_face = evaluate_average_precision([[LEFT]], [[0.5]], [[]])
    assert np.isnan(no_face.value)
    assert no_face[1:] == (0, None, None)
    all_ignored = evaluate_average_precision([[LEFT]], [[0.5]], [[LEFT]], [[True]])
    assert np.isnan(all_ignored.value)
    assert np.isnan(precision_recall([[FAR]], [[0.5]], [[]]).recall).all()
    assert precision_recall([[]], [[]], [[]]).recall.shape == (0,)


@pytest.mark.parametrize("decimals", [1, 6])
def test_the_interval_equals_a_loop_over_repeated_images(decimals):
    drawn = drawn_set(5, images=8, decimals=decimals)
    measured = evaluate_average_precision(*drawn, resamples=25, seed=3)
    values = []
    for counts in np.concatenate(list(draws(8, 25, 3, 25)), axis=1).T.astype(int):
        copies = np.repeat(np.arange(8), counts)
        images = checked_images(*([one[i] for i in copies] for one in drawn))
        values.append(slow_average_precision(images, 0.5))
    assert measured[2:] == pytest.approx(np.percentile(values, (2.5, 97.5)))
    assert measured.low < measured.value < measured.high
