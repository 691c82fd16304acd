import numpy as np
import pytest

from likeness.evaluation.bootstrap import draws
from likeness.evaluation.detection import (
    box_size,
    cumulative_errors,
    evaluate_points,
    eye_distance,
    normalised_errors,
)

FACE = np.array([[10, 10], [30, 10], [20, 20], [12, 30], [28, 30]], dtype=float)


def test_worked_by_hand():
    found = FACE.copy()
    found[0] += (3, 4)
    found[2] += (0, 5)
    errors = normalised_errors([found, FACE], [FACE, FACE], eye_distance([FACE, FACE]))
    assert errors == pytest.approx([10 / 5 / 20, 0])
    assert normalised_errors([found], [FACE], box_size([[0, 0, 40, 10]])) == pytest.approx([10 / 5 / 20])
    assert box_size([[0, 0, 8, 2], [1, 1, 1, 9]]).tolist() == [4, 0]


def test_unknown_points_are_left_out_of_the_mean():
    known, found = FACE.copy(), FACE + np.array([0, 2])
    known[3:] = np.nan
    found[3] = np.nan  # nobody asks for it
    assert normalised_errors([found], [known], [10]) == pytest.approx([0.2])
    known[0] = np.nan
    assert np.isnan(eye_distance([known])).all()
    assert np.isnan(normalised_errors([found], [known], eye_distance([known]))).all()
    known[:] = np.nan
    assert np.isnan(normalised_errors([found], [known], [10])).all()


def test_errors_do_not_depend_on_place_and_scale():
    draw = np.random.default_rng(0)
    known, found = draw.normal(size=(2, 20, 5, 2))
    plain = normalised_errors(found, known, eye_distance(known))
    moved = normalised_errors(7 * found + 100, 7 * known + 100, eye_distance(7 * known + 100))
    assert moved == pytest.approx(plain)
    slow = [
        np.mean([np.hypot(*(f - k)) for f, k in zip(one, other, strict=True)])
        / np.hypot(*(other[0] - other[1]))
        for one, other in zip(found, known, strict=True)
    ]
    assert plain == pytest.approx(slow)


def test_mean_failures_and_area_under_the_cumulative_curve():
    errors = [0.02, 0.04, 0.1, 0.3, np.nan]
    measured = evaluate_points(errors, [0, 0, 1, 2, 2], limit=0.1, resamples=50)
    assert measured["landmarks/nme"].value == pytest.approx(0.115)
    assert measured["landmarks/failure@0.1"].value == 0.25  # the limit itself has not failed
    assert {one.count for one in measured.values()} == {4}
    limits = np.linspace(0, 0.1, 100_001)
    shares = [np.mean(np.array(errors[:4]) <= limit) for limit in limits]
    assert measured["landmarks/auc@0.1"].value == pytest.approx(np.mean(shares), abs=1e-4)
    several = np.arange(5).repeat(5) * 3 + np.tile([0, 0, 1, 2, 2], 5)  # the same images five times
    curve = cumulative_errors(errors * 5, several, [0.01, 0.04, 0.2, 1], resamples=50)
    assert curve.share.tolist() == [0, 0.5, 0.75, 1]
    assert (curve.low <= curve.share).all()
    assert (curve.share <= curve.high).all()


def test_intervals_equal_a_loop_over_repeated_images():
    draw = np.random.default_rng(1)
    errors, image = draw.gamma(2, 0.03, 40), draw.permutation(np.repeat(np.arange(8), 5))
    measured = evaluate_points(errors, image, resamples=30, seed=2)
    curve = cumulative_errors(errors, image, [0.05], resamples=30, seed=2)
    values = []
    for counts in np.concatenate(list(draws(8, 30, 2, 30)), axis=1).T.astype(int):
        mine = np.concatenate([errors[image == i] for i in np.repeat(np.arange(8), counts)])
        values.append((mine.mean(), np.mean(mine > 0.1), np.mean(mine <= 0.05)))
    low, high = np.percentile(values, (2.5, 97.5), axis=0)
    assert measured["landmarks/nme"][2:] == pytest.approx((low[0], high[0]))
    assert measured["landmarks/failure@0.1"][2:] == pytest.approx((low[1], high[1]))
    assert (curve.low[0], curve.high[0]) == pytest.approx((low[2], high[2]))


def test_no_face():
    for errors, image in (([], []), ([np.nan], [0])):
        measured = evaluate_points(errors, image)
        assert all(np.isnan(one.value) and one[1:] == (0, None, None) for one in measured.values())
        with pytest.raises(ValueError, match="at least one face with a known error"):
            cumulative_errors(errors, image, [0.1])
    assert normalised_errors(np.zeros((0, 5, 2)), np.zeros((0, 5, 2)), []).shape == (0,)


@pytest.mark.parametrize(
    ("found", "points", "size", "sentence"),
    [
        ([np.full((5, 2), np.nan)], [FACE], [1], "found holds NaN or infinity for a known point of face 0"),
        ([FACE, FACE], [FACE, FACE], [1, 0], r"size must be above 0 and finite, but it is 0.0 for face 1"),
        ([FACE], [FACE[:4]], [1], "must be .N, P, 2. twice"),
        ([FACE], [FACE], [1, 1], "must be .N, P, 2. twice"),
        (FACE, FACE, [1], r"found must be \[N, P, 2\]"),
    ],
)
def test_what_is_refused(found, points, size, sentence):
    with pytest.raises(ValueError, match=sentence):
        normalised_errors(found, points, size)


def test_refused_errors_and_limits():
    with pytest.raises(ValueError, match="limit=0"):
        evaluate_points([0.1], [0], limit=0)
    with pytest.raises(ValueError, match="errors must be 0 or more and finite"):
        evaluate_points([np.inf], [0])
    with pytest.raises(ValueError, match="errors must be 0 or more and finite"):
        evaluate_points([-0.1], [0])
    with pytest.raises(ValueError, match="begin with both eyes"):
        eye_distance(np.zeros((1, 1, 2)))
