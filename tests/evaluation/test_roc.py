import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from likeness.evaluation import area, equal_error_rate, roc, tar_at_far


def drawn(seed, decimals):
    draw = np.random.default_rng(seed)
    same = draw.random(400) < 0.3
    return np.round(draw.normal(2 - same, 1.0), decimals), same, draw


@pytest.mark.parametrize("decimals", [0, 1, 9])
def test_curve_and_area_equal_scikit_learn(decimals):
    distance, same, _ = drawn(decimals, decimals)
    curve = roc(distance, same)
    far, tar, _ = roc_curve(same, -distance, drop_intermediate=False)
    assert curve.far == pytest.approx(far, abs=1e-12)
    assert curve.tar == pytest.approx(tar, abs=1e-12)
    assert float(area(curve)) == pytest.approx(roc_auc_score(same, -distance), abs=1e-12)
    assert (curve.positives, curve.negatives) == (same.sum(), (~same).sum())
    for i, threshold in enumerate(curve.threshold):
        assert curve.far[i] == pytest.approx(np.mean(distance[~same] < threshold))


@pytest.mark.parametrize("decimals", [0, 9])
def test_weighted_curves_equal_scikit_learn_and_repeated_pairs(decimals):
    distance, same, draw = drawn(7 + decimals, decimals)
    weights = draw.integers(0, 4, size=(400, 3)).astype(float)
    weights[:, 2] = 1
    curve = roc(distance, same, weights)
    plain = roc(distance, same)
    for column in range(3):
        score = roc_auc_score(same, -distance, sample_weight=weights[:, column])
        assert area(curve)[column] == pytest.approx(score, abs=1e-12)
        copies = np.repeat(np.arange(400), weights[:, column].astype(int))
        repeated = roc(distance[copies], same[copies])
        assert equal_error_rate(curve)[column] == pytest.approx(float(equal_error_rate(repeated)), abs=1e-12)
        assert tar_at_far(curve, 0.1)[column] == pytest.approx(float(tar_at_far(repeated, 0.1)), abs=1e-12)
    assert np.array_equal(curve.far[:, 2], plain.far)
    assert np.array_equal(curve.tar[:, 2], plain.tar)
    assert tar_at_far(curve, 0.1)[2] == tar_at_far(plain, 0.1)


def test_known_equal_error_rates():
    assert equal_error_rate(roc([1, 2, 3, 4], [1, 1, 0, 0])) == 0
    assert equal_error_rate(roc([1, 2, 3, 4], [0, 0, 1, 1])) == 1
    assert equal_error_rate(roc([1, 1, 1, 1], [1, 1, 0, 0])) == 0.5
    # One of four same pairs lies beyond one of four different ones: 1/4 of each is wrong.
    assert equal_error_rate(roc([1, 2, 3, 5, 4, 6, 7, 8], [1, 1, 1, 1, 0, 0, 0, 0])) == 0.25
    # From (0, 1/2) straight to (1, 1), by a tie of one same and both different pairs.
    assert equal_error_rate(roc([1, 2, 2, 2], [1, 1, 0, 0])) == pytest.approx(1 / 3, abs=1e-15)


def test_equal_error_rate_of_two_normal_distributions():
    draw = np.random.default_rng(5)
    distance = np.concatenate([draw.normal(0, 1, 40000), draw.normal(2, 1, 40000)])
    assert float(equal_error_rate(roc(distance, np.arange(80000) < 40000))) == pytest.approx(
        0.1587, abs=0.004
    )


@pytest.mark.parametrize("far", [1e-1, 1e-2, 1e-3, 0.5, 1.0])
def test_tar_at_far_equals_a_scan(far):
    for decimals in (0, 1, 9):
        distance, same, _ = drawn((decimals, 3), decimals)
        distance, same = np.tile(distance, 4), np.tile(same, 4)
        best = 0.0
        for threshold in [*distance, np.inf]:
            if np.count_nonzero(distance[~same] < threshold) <= far * np.count_nonzero(~same) + 1e-9:
                best = max(best, np.mean(distance[same] < threshold))
        assert float(tar_at_far(roc(distance, same), far)) == best


def test_a_rate_is_exact_at_its_limit_and_unresolved_below():
    negatives = np.arange(1000) + 0.5
    distance, same = np.concatenate([negatives, np.arange(1000)]), np.arange(2000) >= 1000
    curve = roc(distance, same)
    assert float(tar_at_far(curve, 1e-3)) == 2 / 1000  # 0 and 1 come before the second negative, 1.5
    assert float(tar_at_far(curve, 3e-3)) == 4 / 1000
    assert np.isnan(tar_at_far(curve, 0.999e-3))
    assert np.isnan(tar_at_far(curve, 1e-6))
    with pytest.raises(ValueError, match="above 0"):
        tar_at_far(curve, 0)


def test_a_resample_without_one_kind_gives_nan():
    weights = np.array([[1.0, 1], [1, 1], [1, 0], [1, 0]])  # the second column keeps no negative
    curve = roc([1, 3, 2, 4], [1, 1, 0, 0], weights)
    for values in (area(curve), equal_error_rate(curve), tar_at_far(curve, 0.5)):
        assert np.isfinite(values[0])
        assert np.isnan(values[1])
