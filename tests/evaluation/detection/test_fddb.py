from itertools import permutations

import numpy as np
import pytest
from detection_sets import drawn_set

from likeness.evaluation.bootstrap import draws
from likeness.evaluation.detection import box_overlaps, evaluate_fddb, fddb_roc

FACE, NEAR, FAR = [0, 0, 10, 10], [0, 0, 10, 6], [50, 50, 60, 60]


def drawn_overlaps(seed, images=6, decimals=1):
    boxes, scores, faces, _ = drawn_set(seed, images, decimals)
    return box_overlaps(boxes, scores, faces), scores


def slow_point(shared, scores, threshold):
    """False positives and both sums at a threshold, by trying every assignment."""
    result = np.zeros(3)
    for table, values in zip(shared, scores, strict=True):
        rows = [row.tolist() for row, value in zip(table, values, strict=True) if value >= threshold]
        result[0] += len(rows)
        faces = table.shape[1]
        # None stands for a detection without a face, so that every one-to-one assignment is tried.
        targets = [*range(faces), *[None] * len(rows)]
        tried = set(permutations(targets, len(rows)))
        best = max(([rows[i][j] for i, j in enumerate(chosen) if j is not None] for chosen in tried), key=sum)
        hits = sum(value > 0.5 for value in best)
        result += (-hits, hits, sum(best))
    return result


def small_sets(seed):
    draw = np.random.default_rng(seed)
    shared = [np.round(draw.random((draw.integers(0, 4), draw.integers(0, 4))), 3) for _ in range(5)]
    return shared, [np.round(draw.random(len(one)), 1) for one in shared]


def test_worked_by_hand():
    shared = box_overlaps([[FAR, NEAR], []], [[0.9, 0.5], []], [[FACE], [FACE]])
    curve = fddb_roc(shared, [[0.9, 0.5], []])
    assert curve.threshold.tolist() == [0.9, 0.5]
    assert curve.false_positives.tolist() == [1, 1]
    assert curve.discrete.tolist() == [0, 0.5]
    assert curve.continuous == pytest.approx([0, 0.3])
    assert curve.faces == 2


def test_the_assignment_is_the_best_of_all_and_may_change():
    # The first alone takes face 0; with the second, which overlaps that alone, it moves to face 1.
    curve = fddb_roc([[[0.8, 0.7], [0.6, 0.0]]], [[0.9, 0.8]])
    assert curve.continuous == pytest.approx([0.8 / 2, 1.3 / 2])
    assert curve.discrete.tolist() == [0.5, 1]
    assert curve.false_positives.tolist() == [0, 0]


def test_exactly_a_half_is_not_found():
    curve = fddb_roc([[[0.5]]], [[1]])
    assert (curve.discrete[0], curve.continuous[0], curve.false_positives[0]) == (0, 0.5, 1)


@pytest.mark.parametrize("seed", range(4))
def test_equals_trying_every_assignment(seed):
    shared, scores = small_sets(seed)
    curve = fddb_roc(shared, scores)
    assert curve.threshold.tolist() == sorted(set(np.concatenate(scores).tolist()), reverse=True)
    for place, threshold in enumerate(curve.threshold):
        false, discrete, continuous = slow_point(shared, scores, threshold)
        assert curve.false_positives[place] == pytest.approx(false)
        assert curve.discrete[place] == pytest.approx(discrete / curve.faces)
        assert curve.continuous[place] == pytest.approx(continuous / curve.faces)


def read_off(shared, scores, number):
    curve = fddb_roc(shared, scores)
    inside = np.flatnonzero(curve.false_positives <= number)
    return (curve.discrete[inside[-1]], curve.continuous[inside[-1]]) if len(inside) else (0.0, 0.0)


def test_the_rates_and_their_intervals_equal_a_loop_over_repeated_images():
    shared, scores = drawn_overlaps(3)
    measured = evaluate_fddb(shared, scores, (0, 3), resamples=20, seed=6)
    copies = [
        np.repeat(np.arange(6), counts)
        for counts in np.concatenate(list(draws(6, 20, 6, 20)), axis=1).T.astype(int)
    ]
    for number in (0, 3):
        values = [read_off([shared[i] for i in c], [scores[i] for i in c], number) for c in copies]
        bounds = np.percentile(values, (2.5, 97.5), axis=0).T
        for kind, value, interval in zip(
            ("discrete", "continuous"), read_off(shared, scores, number), bounds, strict=True
        ):
            metric = measured[f"detection/fddb_{kind}@fp={number}"]
            assert metric.value == pytest.approx(value)
            assert metric.count == sum(one.shape[1] for one in shared)
            assert metric[2:] == pytest.approx(interval)


def test_nothing_found_and_nothing_annotated():
    none = evaluate_fddb(box_overlaps([[]], [[]], [[FACE]]), [[]], (10,), resamples=3)
    assert none["detection/fddb_discrete@fp=10"][:2] == (0, 1)
    no_face = box_overlaps([[FACE]], [[0.5]], [[]])
    assert np.isnan(evaluate_fddb(no_face, [[0.5]], (10,))["detection/fddb_continuous@fp=10"].value)
    curve = fddb_roc(no_face, [[0.5]])
    assert curve.false_positives.tolist() == [1]
    assert np.isnan(curve.discrete).all()
    no_area = fddb_roc(box_overlaps([[[3, 3, 3, 3]]], [[1]], [[[3, 3, 3, 3]]]), [[1]])
    assert (no_area.discrete[0], no_area.false_positives[0]) == (0, 1)


@pytest.mark.parametrize(
    ("shared", "scores", "sentence"),
    [
        ([[[0.5]]], [[np.nan]], "scores of image 0 hold 1 that are NaN"),
        ([[[1.5]]], [[1]], "shared of image 0 must be .* within 0 and 1"),
        ([[[np.nan]]], [[1]], "shared of image 0 must be .* within 0 and 1"),
        ([[0.5]], [[1]], r"shared of image 0 must be \[D, F\]"),
        ([], [], "one at least"),
    ],
)
def test_what_is_refused(shared, scores, sentence):
    with pytest.raises(ValueError, match=sentence):
        fddb_roc(shared, scores)


def test_fewer_than_no_false_positives_are_refused():
    with pytest.raises(ValueError, match=r"false_positives=\(-1,\)"):
        evaluate_fddb([[[0.5]]], [[1]], (-1,))
