import numpy as np
import pytest
from detection_sets import drawn_set

from likeness.evaluation.bootstrap import draws
from likeness.evaluation.detection import face_heights, precision_recall, recall_by_height

LOW, HIGH, TALL = [0, 0, 10, 10], [20, 0, 40, 30], [50, 0, 90, 90]


def test_worked_by_hand():
    faces = face_heights(
        [[LOW, HIGH], [TALL]], [[0.9, 0.3], [0.8]], [[LOW, HIGH], [HIGH, TALL]], [[False] * 2, [False] * 2]
    )
    assert faces.height.tolist() == [10, 30, 30, 90]
    assert faces.found.tolist() == [True, True, False, True]
    assert faces.image.tolist() == [0, 0, 1, 1]
    low, middle, high = recall_by_height(faces, (10, 30, 90, np.inf))
    assert (low.low, low.high, low.recall[:2]) == (10, 30, (1, 1))
    assert middle.recall[:2] == (0.5, 2)
    assert (high.low, high.high, high.recall[:2]) == (90, np.inf, (1, 1))


def test_a_threshold_misses_what_scores_less_and_ignored_faces_are_left_out():
    drawn = ([[LOW, HIGH]], [[0.9, 0.3]], [[LOW, HIGH, TALL]], [[False, False, True]])
    assert face_heights(*drawn, threshold=0.5).found.tolist() == [True, False]
    assert face_heights(*drawn, threshold=0.3).found.tolist() == [True, True]


@pytest.mark.parametrize("threshold", [0.2, 0.7])
def test_over_all_heights_it_is_the_recall_of_the_curve(threshold):
    drawn = drawn_set(1)
    faces = face_heights(*drawn, threshold=threshold)
    curve = precision_recall(*drawn)
    (whole,) = recall_by_height(faces, (0, np.inf), resamples=2)
    assert whole.recall.value == pytest.approx(curve.recall[curve.threshold >= threshold][-1])
    bins = recall_by_height(faces, resamples=2)
    counted = [one.recall for one in bins if one.recall.count]
    assert sum(one.count for one in counted) == curve.faces
    assert sum(one.value * one.count for one in counted) == pytest.approx(np.count_nonzero(faces.found))


def test_the_interval_equals_a_loop_over_repeated_images():
    faces = face_heights(*drawn_set(2))
    (measured,) = recall_by_height(faces, (5, np.inf), resamples=30, seed=4)
    inside = faces.height >= 5
    names = np.unique(faces.image[inside])
    values = [
        np.concatenate([faces.found[inside & (faces.image == names[i])] for i in np.repeat(range(len(c)), c)])
        for c in np.concatenate(list(draws(len(names), 30, 4, 30)), axis=1).T.astype(int)
    ]
    expected = np.percentile([one.mean() for one in values], (2.5, 97.5))
    assert measured.recall[2:] == pytest.approx(expected)


def test_a_bin_without_a_face():
    for drawn in (([[]], [[]], [[]]), ([[LOW]], [[0.5]], [[LOW]], [[True]])):
        (only,) = recall_by_height(face_heights(*drawn), (0, 100))
        assert np.isnan(only.recall.value)
        assert only.recall[1:] == (0, None, None)
    missed = recall_by_height(face_heights([[]], [[]], [[LOW]]), (0, 100))
    assert missed[0].recall[:2] == (0, 1)


def test_edges_must_rise():
    with pytest.raises(ValueError, match=r"edges=\(0, 20, 20\) must rise"):
        recall_by_height(face_heights([[]], [[]], [[LOW]]), (0, 20, 20))


def test_nan_scores_are_refused():
    with pytest.raises(ValueError, match="NaN"):
        face_heights([[LOW]], [[np.nan]], [[LOW]])
