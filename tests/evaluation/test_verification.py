from itertools import pairwise

import numpy as np
import pytest
import torch

from likeness.evaluation import best_threshold, fold_accuracy, pair_distances
from likeness.evaluation.verification import cut_points


def by_scan(distance, same, fold):
    """The protocol spelt out: every cut between the other folds' distances is tried, the lowest best kept."""
    accuracies = []
    for held_out in sorted(set(fold.tolist())):
        others = [i for i in range(len(fold)) if fold[i] != held_out]
        values = sorted(set(distance[others].tolist()))
        cuts = [
            values[0],
            *((a + b) / 2 for a, b in pairwise(values)),
            values[-1] + 1e-9,
        ]
        best, chosen = -1, None
        for cut in cuts:
            right = sum((distance[i] < cut) == same[i] for i in others)
            if right > best:
                best, chosen = right, cut
        mine = [i for i in range(len(fold)) if fold[i] == held_out]
        accuracies.append(sum((distance[i] < chosen) == same[i] for i in mine) / len(mine))
    return accuracies


@pytest.mark.parametrize("decimals", [0, 1, 6])  # 0: nearly everything is tied
def test_fold_accuracy_equals_an_explicit_scan(decimals):
    for trial in range(5):
        draw = np.random.default_rng((decimals, trial))
        same = draw.random(120) < 0.4
        distance = np.round(draw.normal(2 - same, 1.0), decimals)
        fold = draw.permutation(120) % 6 + 3
        result = fold_accuracy(distance, same, fold)
        expected = by_scan(distance, same, fold)
        assert result.per_fold.tolist() == expected
        assert result.mean == pytest.approx(np.mean(expected), abs=1e-15)
        assert result.deviation == pytest.approx(np.std(expected), abs=1e-15)
        for number, accuracy in zip(range(3, 9), expected, strict=True):
            assert result.correct[fold == number].mean() == pytest.approx(accuracy)


def test_the_threshold_never_sees_its_own_fold():
    # Fold 1 alone would be judged perfectly by 5; the others say 1.5, which fails all of its same pairs.
    distance = np.array([1, 2, 1, 2, 4, 6.0])
    same = np.array([1, 0, 1, 0, 1, 0])
    fold = np.array([0, 0, 2, 2, 1, 1])
    result = fold_accuracy(distance, same, fold)
    assert result.threshold[1] == 1.5
    assert result.per_fold.tolist() == [1, 0.5, 1]
    moved = fold_accuracy(np.array([1, 2, 1, 2, 1.9, 1.1]), same, fold)
    assert moved.threshold[1] == 1.5


def test_ties_take_the_lowest_threshold_and_equal_distances_go_together():
    assert best_threshold([1, 2, 3, 4], [1, 0, 1, 0]) == 1.5  # 3.5 judges as many rightly
    assert best_threshold([1, 1, 1, 2], [1, 1, 0, 0]) == 1.5
    assert best_threshold([3, 4], [0, 0]) == 3  # accepts none
    assert best_threshold([3, 4], [1, 1]) == np.nextafter(4, 5)  # accepts all


def test_cuts_part_even_adjacent_floats():
    values = np.array([0.0, 5e-324, 1.0, np.nextafter(1.0, 2), np.nextafter(np.nextafter(1.0, 2), 2), 1e308])
    for accepted, cut in enumerate(cut_points(values)):
        assert np.count_nonzero(values < cut) == accepted


def test_tensors_are_taken_like_arrays():
    distance, same = (
        torch.tensor([1, 2, 1, 2.0], dtype=torch.bfloat16),
        torch.tensor([True, False, True, False]),
    )
    assert fold_accuracy(distance, same, torch.tensor([0, 0, 1, 1])).mean == 1


@pytest.mark.parametrize(
    ("distance", "same", "fold", "said"),
    [
        ([1, np.nan], [1, 0], [0, 1], "1 values that are NaN or infinite"),
        ([1, 2], [1, 1], [0, 1], "no pair of different identities"),
        ([1, 2], [0, 0], [0, 1], "no pair of same identities"),
        ([1, 2], [1, 0], [0, 0], "at least 2 folds"),
        ([1, 2], [1, 0, 1], [0, 1], "same must be of shape"),
        ([1, 2], [1, 0], [0.5, 1], "whole numbers"),
        ([], [], [], "non-empty"),
    ],
)
def test_what_cannot_be_measured_is_said(distance, same, fold, said):
    with pytest.raises(ValueError, match=said):
        fold_accuracy(distance, same, fold)


def test_pair_distances_are_squared_and_exact_for_near_copies():
    rows = np.array([[1e4, 0], [1e4, 1e-3], [0, 3]], dtype=np.float32)
    expected = [float(np.float64(rows[0, 1]) - np.float64(rows[1, 1])) ** 2, 1e8 + 9, 0]
    assert pair_distances(rows, [0, 0, 2], [1, 2, 2]) == pytest.approx(expected, rel=1e-14)
    assert pair_distances(torch.tensor(rows, requires_grad=True), [0], [2]) == pytest.approx([1e8 + 9])


def test_pair_distances_in_blocks(monkeypatch):
    rows = np.random.default_rng(0).normal(size=(50, 7))
    first, second = np.arange(50), np.arange(50)[::-1]
    whole = pair_distances(rows, first, second)
    monkeypatch.setattr("likeness.evaluation.distance._BLOCK_VALUES", 30)
    assert np.array_equal(pair_distances(rows, first, second), whole)
    assert whole == pytest.approx(((rows - rows[::-1]) ** 2).sum(1))


def test_pair_distances_refuse_a_stranger():
    with pytest.raises(ValueError, match="outside the 3 embeddings"):
        pair_distances(np.zeros((3, 2)), [0], [3])
    with pytest.raises(ValueError, match="outside the 3 embeddings"):
        pair_distances(np.zeros((3, 2)), [-1], [1])
