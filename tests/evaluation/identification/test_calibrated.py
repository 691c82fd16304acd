"""Rates at a threshold that was chosen on others: by hand, and held to what is promised."""

import numpy as np
import pytest

from likeness.evaluation.identification import Searches, evaluate_calibrated

RESAMPLING = {"resamples": 40, "seed": 1}


def test_rates_by_hand():
    # 1, 2 and 3 are enrolled; 8 searches by one image, 9 by four, of which three are told as somebody
    found = Searches(
        np.array([1, 1, 2, 2, 3, 8, 9, 9, 9, 9]),
        np.array([0.1, 0.9, 0.2, 0.3, 0.4, 0.95, 0.1, 0.2, 0.3, 0.9]),
        np.array([1, 1, 1, 2, 1, 0, 0, 0, 0, 0]),
    )
    smallest, cohort = np.array([0.5, 0.6, 0.7]), np.array([20, 21, 22])
    rates = evaluate_calibrated(found, smallest, cohort, rates=(0.25, 0.01), **RESAMPLING)
    # of three strangers the threshold at 1/4 is the nearest, 0.5
    assert rates["gallery/rank@1"][:2] == (4 / 5, 5)
    assert rates["gallery/tpir@fpir=0.25"][:2] == (3 / 5, 5)  # 0.9 is too far, and one has another before it
    assert rates["gallery/fpir@fpir=0.25"][:2] == pytest.approx(((0 + 3 / 4) / 2, 2))
    assert np.isnan(rates["gallery/tpir@fpir=1e-2"].value)
    assert np.isnan(rates["gallery/fpir@fpir=1e-2"].value)
    low, high = rates["gallery/fpir@fpir=0.25"][2:]
    assert low <= 3 / 8 <= high


def test_the_wanted_rate_is_found_in_the_mean_over_cohorts():
    draw = np.random.default_rng(0)
    enrolled = Searches(np.arange(5), np.zeros(5), np.ones(5, dtype=np.int64))
    rates = []
    for seed in range(150):
        cohort = np.repeat(np.arange(100, 140), 3)
        strangers = np.repeat(np.arange(200, 260), 3)
        near, away = (np.repeat(draw.normal(size=n), 3) + 0.3 * draw.normal(size=3 * n) + 9 for n in (40, 60))
        found = Searches(
            *(np.concatenate(pair) for pair in zip(enrolled, (strangers, away, 0 * strangers), strict=True))
        )
        metrics = evaluate_calibrated(found, near, cohort, rates=(0.1,), resamples=1, seed=seed)
        rates.append(metrics["gallery/fpir@fpir=1e-1"].value)
    assert 0.07 < np.mean(rates) <= 0.1


@pytest.mark.parametrize("rank", [[1, 1], [0, 0]])
def test_without_strangers_or_without_the_enrolled_nothing_is_measured(rank):
    found = Searches(np.array([1, 2]), np.zeros(2), np.array(rank))
    with pytest.raises(ValueError, match="by subjects who are enrolled and by others"):
        evaluate_calibrated(found, np.ones(3), np.arange(3), **RESAMPLING)
