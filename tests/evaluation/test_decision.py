"""A threshold chosen on some people, and what it does on others."""

import numpy as np
import pytest

from likeness.evaluation import Calibration, OperatingPoint, choose_operating_point, evaluate_operating_point


def pairs(seed, count=2000):
    """Distances of pairs of 40 people, half of them of one."""
    draw = np.random.default_rng(seed)
    first = draw.integers(0, 40, count)
    second = np.where(np.arange(count) % 2 == 0, first, (first + draw.integers(1, 40, count)) % 40)
    same = first == second
    return draw.normal(np.where(same, 1.0, 2.0), 0.5), same, first, second


@pytest.mark.parametrize("far", [1.0, 0.1, 0.003])
def test_the_threshold_is_the_loosest_that_keeps_the_rate(far):
    distance, same, *_ = pairs(0)
    operating_point = choose_operating_point(distance, same, far)
    accepted = [
        np.mean(distance[~same] < cut)
        for cut in (operating_point.threshold, np.nextafter(operating_point.threshold, 9))
    ]
    assert accepted[0] <= far
    looser = distance[distance >= operating_point.threshold]
    if len(looser):  # to accept one pair more of those that are left would break it, or it is of one person
        following = np.sort(distance)[np.searchsorted(np.sort(distance), operating_point.threshold)]
        assert np.mean(distance[~same] <= following) > far
    assert (operating_point.far, operating_point.negatives) == (far, np.count_nonzero(~same))


def test_too_few_pairs_leave_no_threshold():
    distance, same, *_ = pairs(0, count=100)
    operating_point = choose_operating_point(distance, same, 0.01)  # 50 pairs of two people
    assert np.isnan(operating_point.threshold)
    metrics = evaluate_operating_point(operating_point, *pairs(1), resamples=10)
    assert metrics["calibration/ece"].value > 0
    assert np.isnan([metrics[rate].value for rate in ("decision/far", "decision/tar")]).all()
    assert metrics["decision/far"].low is None


def test_the_metrics_are_counts_on_the_pairs_at_hand():
    distance, same, first, second = pairs(2)
    operating_point = OperatingPoint(Calibration(4.0, 6.0), 1.4, 0.1, 1000)
    metrics = evaluate_operating_point(operating_point, distance, same, first, second, resamples=200)
    taken = {True: 0, False: 0}
    for value, kind in zip(distance, same, strict=True):
        taken[bool(kind)] += value < 1.4
    assert metrics["decision/tar"].value == taken[True] / 1000
    assert metrics["decision/far"].value == taken[False] / 1000
    assert (metrics["decision/tar"].count, metrics["decision/far"].count) == (1000, 1000)
    for rate in ("decision/tar", "decision/far"):
        assert metrics[rate].low < metrics[rate].value < metrics[rate].high
    # Two normals of deviation 1/2, one apart: the log odds of a distance d are 4 (1.5 - d).
    assert metrics["calibration/ece"].value < 0.05
    wrong = evaluate_operating_point(
        operating_point._replace(calibration=Calibration(4.0, 9.0)), distance, same, first, second
    )
    assert wrong["calibration/ece"].value > 0.2
