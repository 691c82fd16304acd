"""The threshold of a search: never above the wanted rate, on the cohort and on strangers to come."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import norm

from likeness.evaluation.identification import fewest_searches, search_threshold


@pytest.mark.parametrize(
    ("fpir", "fewest"), [(0.5, 1), (0.1, 9), (0.07, 14), (0.01, 99), (0.29, 3), (0.9, 1)]
)
def test_a_cohort_too_small_is_refused_and_the_number_told_will_do(fpir, fewest):
    assert fewest_searches(fpir) == fewest
    search_threshold(np.arange(fewest, dtype=float), np.arange(fewest), fpir)
    if fewest > 1:
        with pytest.raises(ValueError, match=f"takes at least {fewest}$"):
            search_threshold(np.arange(fewest - 1, dtype=float), np.arange(fewest - 1), fpir)


@pytest.mark.parametrize("fpir", [0.01, 0.07, 0.1, 0.29, 0.3, 1 / 3])
@pytest.mark.parametrize("searches", [99, 100, 128, 299])
def test_it_is_the_loosest_that_holds_for_one_stranger_more(fpir, searches):
    """By exact fractions: of the C + 1 places that a stranger's distance may take, at most a share fpir is below."""
    distance = np.random.default_rng(searches).permutation(searches).astype(float)
    chosen = search_threshold(distance, np.arange(searches), fpir)
    below = int(np.count_nonzero(distance < chosen.threshold))
    wanted = Fraction(fpir).limit_denominator(1000)
    assert Fraction(below + 1, searches + 1) <= wanted < Fraction(below + 2, searches + 1)
    assert below / searches <= fpir
    assert (chosen.fpir, chosen.cohort, chosen.subjects) == (fpir, searches, searches)


def test_ties_never_push_it_above_the_rate():
    distance = np.repeat([1.0, 2.0], [50, 150])  # a quarter ties at the smallest distance
    chosen = search_threshold(distance, np.arange(200), 0.1)
    assert np.count_nonzero(distance < chosen.threshold) == 0
    assert search_threshold(distance, np.arange(200), 0.3).threshold == 2.0
    assert search_threshold(np.ones(200), np.arange(200), 0.3).threshold == 1.0


def test_strangers_to_come_are_named_no_more_often_than_wanted():
    """Over many cohorts: the rate to come is (k + 1) / (C + 1) in the mean, a Beta variable around it."""
    draw = np.random.default_rng(0)
    rates = [
        search_threshold(draw.random(50), np.arange(50), 0.1, resamples=1).threshold for _ in range(1000)
    ]
    assert np.mean(rates) == pytest.approx(5 / 51, abs=0.005)  # uniform distances: the threshold is the rate


@pytest.mark.parametrize(
    ("subjects", "each", "fpir", "covered"), [(300, 1, 0.02, 0.92), (60, 5, 0.1, 0.92), (60, 5, 0.02, 0.8)]
)
def test_the_interval_holds_the_rate_to_come(subjects, each, fpir, covered):
    """Searches of one subject lie close together, so 60 subjects of 5 searches tell little more than 60 searches."""
    draw = np.random.default_rng(1)
    held, wide = 0, []
    for _ in range(150):
        own = draw.normal(size=subjects).repeat(each)
        distance = np.sqrt(0.9) * own + np.sqrt(0.1) * draw.normal(size=len(own)) if each > 1 else own
        chosen = search_threshold(distance, np.arange(subjects).repeat(each), fpir, resamples=150)
        held += chosen.low <= norm.cdf(chosen.threshold) <= chosen.high
        wide.append(chosen.high - chosen.low)
    assert held / 150 > covered
    if each == 1:  # and is no wider than it must be: four deviations of a binomial share
        assert np.mean(wide) < 1.3 * 4 * np.sqrt(fpir * (1 - fpir) / subjects)


@pytest.mark.parametrize("fpir", [0.06, 0.1, 1 / 3])
def test_each_subject_counts_once_whatever_the_number_of_its_searches(fpir):
    """By exact fractions: the loosest threshold below which, with one subject more whole, there is a share fpir."""
    draw = np.random.default_rng(3)
    for _ in range(20):
        searches = draw.integers(1, 8, 30)
        subject = draw.permutation(np.repeat(np.arange(30), searches))
        distance = draw.permutation(len(subject)).astype(float)
        chosen = search_threshold(distance, subject, fpir, resamples=1).threshold

        def share(threshold, distance=distance, subject=subject, searches=searches):
            below = subject[distance < threshold]
            return (1 + sum(Fraction(1, int(searches[one])) for one in below)) / 31

        assert share(chosen) <= Fraction(fpir).limit_denominator(1000) < share(chosen + 1)


def alike(draw, subjects, each, likeness):
    """Distances whose distribution is the normal one, alike within a subject by so much, and whose they are."""
    own = draw.normal(size=subjects).repeat(each)
    return np.sqrt(likeness) * own + np.sqrt(1 - likeness) * draw.normal(size=len(own)), np.arange(
        subjects
    ).repeat(each)


@pytest.mark.parametrize(
    ("subjects", "each", "fpir"), [(20, 5, 0.06), (10, 10, 0.1), (40, 5, 0.05), (99, 3, 0.01)]
)
@pytest.mark.parametrize("likeness", [0.3, 0.9, 1.0])
def test_of_several_searches_a_subject_too_no_more_are_named_than_wanted(subjects, each, fpir, likeness):
    """In the mean over cohorts; the rank among all searches would name up to 1 / subjects more."""
    draw = np.random.default_rng(4)
    rates = [
        norm.cdf(search_threshold(*alike(draw, subjects, each, likeness), fpir, resamples=1).threshold)
        for _ in range(400)
    ]
    error = np.std(rates) / np.sqrt(400)
    assert np.mean(rates) < fpir + 2 * error
    if likeness == 1:  # and no fewer than must be: as if each had searched once
        assert np.mean(rates) == pytest.approx(
            np.floor(fpir * (subjects + 1)) / (subjects + 1), abs=3 * error
        )


def test_strangers_who_search_often_and_are_near_weigh_no_more_than_others():
    """A tenth of the subjects searches 20 times, nearer than all others: a stranger is one of them in a tenth."""
    draw, rates = np.random.default_rng(5), []
    for _ in range(300):
        many = draw.random(50) < 0.1
        searches = np.where(many, 20, 1)
        subject = np.arange(50).repeat(searches)
        distance = draw.random(len(subject)) + ~many[subject]
        threshold = search_threshold(distance, subject, 0.1, resamples=1).threshold
        rates.append(0.1 * min(threshold, 1) + 0.9 * max(threshold - 1, 0))
    assert 0.07 < np.mean(rates) < 0.1


def test_a_repeated_image_changes_nothing():
    draw = np.random.default_rng(2)
    distance = draw.random(100)
    once = search_threshold(distance, np.arange(100), 0.1)
    twice = search_threshold(distance.repeat(2), np.arange(100).repeat(2), 0.1)
    assert twice == once._replace(cohort=200)


def test_one_subject_is_no_cohort_however_often_it_searches():
    draw = np.random.default_rng(6)
    with pytest.raises(
        ValueError, match=r"of 1 subjects is too small for fpir=0\.01, which takes at least 99"
    ):
        search_threshold(draw.random(99), np.zeros(99, dtype=int), 0.01)
    alone = search_threshold(draw.random(99), np.zeros(99, dtype=int), 0.5)
    assert np.isnan([alone.low, alone.high]).all()  # nothing says how far another's searches lie


@pytest.mark.parametrize("fpir", [0, 1, -0.1, 1.5, float("nan")])
def test_a_rate_that_is_none_is_refused(fpir):
    with pytest.raises(ValueError, match="lies between 0 and 1"):
        search_threshold(np.arange(100.0), np.arange(100), fpir)


def test_distances_that_are_no_numbers_are_refused():
    with pytest.raises(ValueError, match="NaN or infinite"):
        search_threshold([1.0, np.nan], [0, 1], 0.5)
    with pytest.raises(ValueError, match="shape"):
        search_threshold([1.0, 2.0], [0], 0.5)
