"""Probabilities from distances, against scikit-learn and against their definitions in loops."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from likeness.evaluation import expected_calibration_error, fit_calibration, reliability


def overlapping(count=40_000, seed=0):
    """Distances of pairs of one person (a third of them) and of two."""
    draw = np.random.default_rng(seed)
    same = np.arange(count) % 3 == 0
    return draw.normal(np.where(same, 3.0, 5.0), 1.0), same


def test_a_calibration_is_the_balanced_logistic_regression():
    distance, same = overlapping()
    peer = LogisticRegression(C=np.inf, class_weight="balanced", tol=1e-10).fit(distance[:, None], same)
    found = fit_calibration(distance, same)
    # Platt's targets lie 1 / N from 0 and 1.
    assert -found.scale == pytest.approx(peer.coef_[0, 0], rel=2e-3)
    assert found.bias == pytest.approx(peer.intercept_[0], rel=2e-3)
    # Two normals of one deviation, 2 apart: log odds of slope 2 that are even half-way.
    assert found.scale == pytest.approx(2, rel=0.05)
    assert found.bias / found.scale == pytest.approx(4, rel=0.01)


@pytest.mark.parametrize(("factor", "shift"), [(1e-6, 0), (1e6, 3e6), (1.0, -1e3)])
def test_the_unit_of_the_distance_is_of_no_account(factor, shift):
    distance, same = overlapping(3000)
    probability = fit_calibration(distance, same).probability(distance)
    other = fit_calibration(factor * distance + shift, same).probability(factor * distance + shift)
    np.testing.assert_allclose(other, probability, atol=1e-5)


def test_distances_that_part_the_kinds_give_a_finite_scale():
    found = fit_calibration([0.1, 0.2, 0.8, 0.9], [1, 1, 0, 0])
    assert np.isfinite(found).all()
    assert found.probability([0.1, 0.9]) == pytest.approx(
        [0.75, 0.25], abs=0.06
    )  # 3/4 and 1/4 are the targets
    equal = fit_calibration([0.5] * 4, [1, 1, 0, 0])
    assert equal.probability([0.5]) == pytest.approx([0.5])


def test_distances_that_mislead_tell_nothing():
    distance, same = overlapping(1000)
    assert fit_calibration(-distance, same).probability(distance) == pytest.approx(0.5, abs=1e-3)


def by_definition(probability, same, bins):
    total = 0.0
    for number in range(bins):
        inside = [
            i
            for i, p in enumerate(probability)
            if number / bins <= p < (number + 1) / bins or (p == 1 and number == bins - 1)
        ]
        if inside:
            confidence = sum(probability[i] for i in inside) / len(inside)
            share = sum(bool(same[i]) for i in inside) / len(inside)
            total += len(inside) / len(probability) * abs(share - confidence)
    return total


@pytest.mark.parametrize("bins", [1, 4, 15])
def test_the_calibration_error_is_its_definition(bins):
    draw = np.random.default_rng(1)
    probability = np.concatenate([draw.random(300), [0.0, 1.0, 1.0]])
    same = draw.random(303) < probability**2
    expected = by_definition(probability.tolist(), same.tolist(), bins)
    assert expected_calibration_error(probability, same, bins) == pytest.approx(expected)
    found = reliability(probability, same, bins)
    assert found.pairs.sum() == 303
    gaps = np.abs(found.share - found.probability)
    assert float(found.pairs @ gaps / 303) == pytest.approx(expected)


def test_true_probabilities_have_next_to_no_error_and_overconfident_ones_have():
    draw = np.random.default_rng(3)
    odds = draw.normal(0, 2, 100_000)
    same = draw.random(100_000) < expit(odds)
    assert expected_calibration_error(expit(odds), same) < 0.01
    assert expected_calibration_error(expit(4 * odds), same) > 0.08
