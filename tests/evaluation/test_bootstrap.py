import numpy as np
import pytest

from likeness.evaluation import area, equal_error_rate, pair_intervals, query_intervals, roc
from likeness.evaluation.bootstrap import draws


def some_pairs(seed, people=25, pairs=300, decimals=9):
    draw = np.random.default_rng(seed)
    first = draw.integers(0, people, pairs)
    second = np.where(np.arange(pairs) % 2 == 0, first, draw.integers(0, people, pairs))
    distance = np.round(draw.normal(2 - (first == second), 1.0), decimals)
    return distance, draw.random(pairs) < 0.8, draw.integers(0, 4, pairs), first + 40, second + 40


def drawn_counts(identities, resamples, seed):
    return np.concatenate(list(draws(identities, resamples, seed, 7)), axis=1)


def test_draws_do_not_depend_on_the_block():
    whole = next(draws(11, 50, 3, 50))
    assert np.array_equal(drawn_counts(11, 50, 3), whole)
    assert whole.sum(axis=0).tolist() == [11] * 50
    assert not np.array_equal(whole, next(draws(11, 50, 4, 50)))


@pytest.mark.parametrize("decimals", [0, 9])
def test_pair_intervals_equal_a_loop_over_repeated_pairs(decimals, monkeypatch):
    distance, correct, fold, first, second = some_pairs(0, decimals=decimals)
    monkeypatch.setattr("likeness.evaluation.bootstrap._BLOCK_VALUES", 300 * 9)
    result = pair_intervals(distance, correct, fold, first, second, (0.1, 0.01, 1e-6), resamples=60, seed=5)
    same = first == second
    share = np.array([1 / (4 * np.sum(fold == f)) for f in fold])
    rows = []
    for counts in drawn_counts(25, 60, 5).T.astype(int):
        times = [
            counts[a - 40] if a == b else counts[a - 40] * counts[b - 40]
            for a, b in zip(first, second, strict=True)
        ]
        copies = np.repeat(np.arange(len(times)), times)
        curve = roc(distance[copies], same[copies])
        accuracy = 0.0
        for kind in (same, ~same):
            mine = copies[kind[copies]]
            accuracy += share[kind].sum() * np.average(correct[mine], weights=share[mine])
        rates = [curve.tar[curve.far <= rate + 1e-9].max() for rate in (0.1, 0.01)]
        rows.append([accuracy, float(area(curve)), float(equal_error_rate(curve)), *rates])
    expected = np.percentile(np.array(rows), (2.5, 97.5), axis=0).T
    measured = [result.accuracy, result.area, result.equal_error_rate, *result.tar[:2]]
    assert np.array(measured) == pytest.approx(expected, abs=1e-12)
    assert np.isnan(result.tar[2]).all()


def test_query_intervals_equal_a_loop_over_repeated_queries():
    draw = np.random.default_rng(1)
    identity = draw.integers(0, 30, 200) * 3
    scores = draw.random((2, 200))
    names = np.unique(identity)
    means = [
        scores[:, np.repeat(np.arange(200), counts.astype(int)[np.searchsorted(names, identity)])].mean(
            axis=1
        )
        for counts in drawn_counts(len(names), 80, 2).T
    ]
    result = query_intervals(scores, identity, resamples=80, seed=2)
    assert np.array(result) == pytest.approx(np.percentile(np.array(means), (2.5, 97.5), axis=0).T, abs=1e-12)


def test_query_intervals_cover_the_truth():
    """Each person has an ability; the share of intervals that hold the mean ability is near 95%."""
    held = 0
    for trial in range(200):
        draw = np.random.default_rng((9, trial))
        ability = draw.beta(4, 2, 60)
        identity = np.repeat(np.arange(60), 6)
        scores = (draw.random(360) < ability[identity]).astype(float)
        interval = query_intervals(scores[None], identity, resamples=300, seed=trial)[0]
        held += interval.low <= 4 / 6 <= interval.high
    assert 0.90 <= held / 200 <= 0.985


def test_pair_intervals_cover_the_truth():
    """People shift their distances, so that the pairs of a person err together."""
    truth = accuracy_of(np.random.default_rng(3), people=20000, pairs=400000)[0].mean()
    held = 0
    for trial in range(150):
        correct, first, second, distance = accuracy_of(
            np.random.default_rng((4, trial)), people=60, pairs=600
        )
        fold = np.arange(600) % 10
        interval = pair_intervals(distance, correct, fold, first, second, resamples=200, seed=trial).accuracy
        held += interval.low <= truth <= interval.high
    assert 0.90 <= held / 150 <= 1.0


def accuracy_of(draw, people, pairs):
    """Verdicts of the threshold 0 on balanced pairs whose distance depends on both people."""
    shift = draw.normal(0, 1, people)
    first = draw.integers(0, people, pairs)
    second = np.where(
        np.arange(pairs) // 10 % 2 == 0, first, (first + draw.integers(1, people, pairs)) % people
    )
    same = first == second
    distance = np.where(same, -1.5, 1.5) + 0.7 * (shift[first] + shift[second]) + draw.normal(0, 0.8, pairs)
    return (distance < 0) == same, first, second, distance


@pytest.mark.parametrize("identities", [1, 2, 4, 5])
def test_of_fewer_than_five_identities_there_is_no_interval(identities):
    who = np.repeat(np.arange(identities), 20)
    (queries,) = query_intervals(np.random.default_rng(0).random((1, len(who))), who, resamples=50)
    first, second = np.repeat(who, 2), np.tile(np.stack([who, (who + 1) % identities], axis=1).ravel(), 1)
    if identities > 1:
        distance, right = np.random.default_rng(1).random(len(first)), np.arange(len(first)) % 3 > 0
        pairs = pair_intervals(
            distance, right, np.arange(len(first)) // 2 % 2, first, second, (0.1,), resamples=50
        )
        intervals = [queries, *pairs[:3], *pairs.tar]
    else:
        intervals = [queries]
    assert [bool(np.isnan(one).any()) for one in intervals] == [identities < 5] * len(intervals)


def test_what_a_bootstrap_covers_of_few_is_as_documented():
    """The share of percentile intervals that hold the mean of normal values: 82% of 5, 90% of 10, 93% of 20."""
    draw = np.random.default_rng(7)
    for units, documented in ((5, 0.82), (10, 0.90), (20, 0.93)):
        worlds = draw.normal(size=(units, 3000))
        counts = drawn_counts(units, 400, 3)
        low, high = np.percentile(worlds.T @ counts / units, (2.5, 97.5), axis=1)
        assert np.mean((low <= 0) & (high >= 0)) == pytest.approx(documented, abs=0.025)


def test_no_error_gives_one_point():
    distance, _, fold, first, second = some_pairs(6)
    result = pair_intervals(distance, np.ones(300, dtype=bool), fold, first, second, resamples=20)
    assert result.accuracy == pytest.approx((1, 1), abs=1e-12)


def test_an_empty_bootstrap_is_refused():
    with pytest.raises(ValueError, match="0 resamples"):
        query_intervals(np.ones((1, 2)), [0, 0], resamples=0)
