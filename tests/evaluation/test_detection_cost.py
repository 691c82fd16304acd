"""The detection cost, and the equal error rate, by trying every threshold."""

import numpy as np
import pytest

from likeness.evaluation import evaluate_detection_cost
from likeness.evaluation.detection_cost import minimum_detection_cost
from likeness.evaluation.pairs import balanced_pairs
from likeness.evaluation.roc import roc


@pytest.mark.parametrize("target", [0.01, 0.3])
@pytest.mark.parametrize("ties", [False, True])
def test_it_is_the_smallest_of_all_thresholds(target: float, ties: bool) -> None:
    draw = np.random.default_rng(0)
    same = draw.random(300) < 0.4
    distance = draw.normal(size=300) - 1.2 * same
    distance = distance.round(1) if ties else distance
    costs = []
    for threshold in [*distance, np.inf]:
        accepted = distance < threshold
        miss, false = np.mean(~accepted[same]), np.mean(accepted[~same])
        costs.append((miss * target * 2 + false * (1 - target) * 3) / min(2 * target, 3 * (1 - target)))
    found = minimum_detection_cost(roc(distance, same), target=target, miss=2, false_accept=3)
    assert float(found) == pytest.approx(min(costs), abs=1e-12)


def test_it_stands_with_an_interval_and_is_1_for_distances_that_say_nothing() -> None:
    draw = np.random.default_rng(0)
    first = draw.integers(0, 20, 400)
    second = np.where(np.arange(400) < 200, first, (first + draw.integers(1, 20, 400)) % 20)
    distance = draw.random(400)
    distance[:200] -= 0.5
    (found,) = evaluate_detection_cost(distance, first == second, first, second, target=0.1).values()
    assert found.low is not None
    assert found.high is not None
    assert 0 < found.low <= found.value <= found.high < 1
    (flat,) = evaluate_detection_cost(np.ones(400), first == second, first, second, target=0.1).values()
    assert flat.value == 1
    with pytest.raises(ValueError, match="between 0 and 1"):
        minimum_detection_cost(roc(distance, first == second), target=1.0)


def test_pairs_are_of_two_contexts_where_they_are_known() -> None:
    draw = np.random.default_rng(0)
    identity, context = np.repeat(np.arange(60), 6), draw.integers(0, 4, 360)
    pairs = balanced_pairs(identity, folds=5, pairs_per_fold=40, seed=0, context=context)
    assert (context[pairs.first] != context[pairs.second]).all()
    assert np.array_equal(pairs.same, identity[pairs.first] == identity[pairs.second])
    assert np.mean(pairs.same) == 0.5
    few = balanced_pairs(
        np.repeat([0, 1], 3), folds=2, pairs_per_fold=40, seed=0, context=np.tile([0, 1, 1], 2)
    )
    assert len(few.same) == 8  # of each identity two pairs, and as many of two identities
