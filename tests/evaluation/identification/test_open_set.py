"""TPIR at FPIR, beside loops over thresholds; and a test for each way in which it is done wrong elsewhere."""

import numpy as np
import pytest

from likeness.evaluation.identification import (
    Searches,
    evaluate_identification,
    open_set_curve,
    searches,
    tpir_at_fpir,
)

SUBJECTS = 30  # enrolled


def world(seed, probes=900, spread=0.5):
    """Probes of 60 people, half of them enrolled, as points on a line each; smaller means more alike."""
    draw = np.random.default_rng(seed)
    places = draw.normal(size=(60, 4))
    probe = draw.integers(0, 60, probes)
    points = places[probe] + spread * draw.normal(size=(probes, 4))
    gallery = np.arange(SUBJECTS)
    return ((points[:, None] - places[gallery]) ** 2).sum(2), probe, gallery


def tpir_by_loops(distance, probe, gallery, fpir, rank):
    """The best TPIR over all thresholds whose FPIR is at most the wanted one; each by its definition."""
    best = 0.0
    for threshold in [*np.unique(distance).tolist(), np.inf]:
        accepted = distance < threshold
        known = np.isin(probe, gallery)
        if np.mean(accepted[~known].any(axis=1)) > fpir:
            continue
        hits = 0
        for row in np.flatnonzero(known):
            mate = np.flatnonzero(gallery == probe[row])[0]
            better = np.count_nonzero(np.delete(distance[row], mate) <= distance[row, mate])
            hits += accepted[row, mate] and better < rank
        best = max(best, hits / np.count_nonzero(known))
    return best


@pytest.mark.parametrize("fpir", [0.02, 0.1, 0.29])
@pytest.mark.parametrize("rank", [1, 3])
def test_it_is_what_loops_over_thresholds_give(fpir, rank):
    distance, probe, gallery = world(0, probes=150)
    curve = open_set_curve(searches(distance, probe, gallery), rank)
    assert tpir_at_fpir(curve, fpir) == pytest.approx(tpir_by_loops(distance, probe, gallery, fpir, rank))


def found_by(mates, ranks, strangers):
    mates, strangers = np.asarray(mates, dtype=float), np.asarray(strangers, dtype=float)
    return Searches(
        np.arange(len(mates) + len(strangers)),
        np.concatenate([mates, strangers]),
        np.concatenate([ranks, np.zeros(len(strangers), dtype=int)]),
    )


def test_a_threshold_never_exceeds_the_rate_though_another_is_nearer_to_it():
    """Of 10 strangers FPIR 0.19 allows one, although 2 of 10 are nearer to 0.19 than 1 of 10."""
    found = found_by([1.5, 2.5], [1, 1], np.arange(1, 11))
    assert tpir_at_fpir(open_set_curve(found), 0.19) == 0.5  # below 2: one stranger, at 1
    assert tpir_at_fpir(open_set_curve(found), 0.2) == 1.0


def test_strangers_that_tie_enter_together():
    found = found_by([0.5, 1.5], [1, 1], [1.0] * 5 + [2.0] * 5)
    assert tpir_at_fpir(open_set_curve(found), 0.1) == 0.5


def test_a_subject_below_the_threshold_but_behind_another_is_not_found():
    """Without the condition on the rank all three would be."""
    found = found_by([0.1, 0.1, 0.1], [1, 2, 5], np.linspace(1, 2, 20))
    assert [float(tpir_at_fpir(open_set_curve(found, rank), 0.1)) for rank in (1, 2, 5)] == [1 / 3, 2 / 3, 1]


def test_the_threshold_is_not_that_of_pairs():
    """A threshold at 1% of the pairs names far more than 1% of the strangers in a gallery of 30."""
    distance, probe, gallery = world(1)
    found = searches(distance, probe, gallery)
    strangers = distance[~found.mated]
    by_pairs = np.quantile(strangers, 0.01)
    assert np.mean(strangers.min(axis=1) < by_pairs) > 0.1
    curve = open_set_curve(found)
    row = np.count_nonzero(curve.far <= 0.01) - 1
    threshold = curve.threshold[row]
    assert np.mean(strangers.min(axis=1) < threshold) <= 0.01
    hits = (distance[found.mated] < by_pairs)[np.arange(found.mated.sum()), probe[found.mated]]
    assert tpir_at_fpir(curve, 0.01) < np.mean(hits)


def test_mated_probes_wrong_candidates_are_no_strangers():
    """Making them nearer, as long as the own subject stays first, changes nothing."""
    distance, probe, gallery = world(2, spread=0.2)
    found = searches(distance, probe, gallery)
    nearer = distance.copy()
    own = distance[np.arange(len(probe)), np.minimum(probe, SUBJECTS - 1)]
    others = np.ones_like(distance, dtype=bool)
    others[np.arange(len(probe)), np.minimum(probe, SUBJECTS - 1)] = False
    moved = others & (found.rank == 1)[:, None]
    nearer[moved] = np.broadcast_to(own[:, None] * (1 + 1e-6), distance.shape)[moved]
    again = searches(nearer, probe, gallery)
    for rate in (0.01, 0.1):
        assert tpir_at_fpir(open_set_curve(again), rate) == tpir_at_fpir(open_set_curve(found), rate)


def test_galleries_of_two_trials_are_not_one():
    """Searched in one gallery of both, strangers are nearer to somebody, and more of them are named."""
    distance, probe, gallery = world(3)
    known = np.isin(probe, gallery)
    halves = [np.flatnonzero(gallery % 2 == part) for part in (0, 1)]
    fpirs = []
    for half in halves:
        apart = searches(distance[~known][:, half], probe[~known], gallery[half])
        fpirs.append(np.mean(apart.distance < 0.5))
    merged = searches(distance[~known], probe[~known], gallery)
    assert np.mean(merged.distance < 0.5) > max(fpirs)


def test_the_metrics_have_counts_and_intervals_over_subjects():
    distance, probe, gallery = world(4)
    found = searches(distance, probe, gallery)
    metrics = evaluate_identification(found, resamples=300)
    mated = int(found.mated.sum())
    rank1, tpir = metrics["identification/rank@1"], metrics["identification/tpir@fpir=1e-2"]
    assert rank1.count == mated
    assert rank1.value == np.mean(
        [gallery[row.argmin()] == who for row, who in zip(distance, probe, strict=True) if who < 30]
    )
    assert tpir.count == len(probe) - mated
    assert tpir.value == tpir_at_fpir(open_set_curve(found), 0.01)
    for metric in (rank1, tpir):
        assert metric.low < metric.value < metric.high
    unresolved = metrics["identification/tpir@fpir=1e-3"]  # 450 strangers are too few for it
    assert np.isnan(unresolved.value)
    assert unresolved.low is None
    # Each probe ten times tells no more of the subjects, and the intervals must not shrink.
    often = Searches(*(column.repeat(10) for column in found))
    again = evaluate_identification(often, resamples=300)["identification/rank@1"]
    assert again.high - again.low == pytest.approx(rank1.high - rank1.low, rel=1e-9)


def test_an_interval_holds_the_mean_over_many_worlds():
    """Rank 1 of each world's people, against the mean over worlds: 95% of the intervals hold it, or nearly."""
    metrics = [
        evaluate_identification(searches(*world(seed, probes=400)), rates=(0.1,), resamples=100)
        for seed in range(60)
    ]
    for name in ("identification/rank@1", "identification/tpir@fpir=1e-1"):
        truth = np.mean([each[name].value for each in metrics])
        assert np.mean([each[name].low <= truth <= each[name].high for each in metrics]) > 0.8


@pytest.mark.parametrize("fpir", [0, 1, float("nan")])
def test_a_rate_that_is_none_is_refused(fpir):
    with pytest.raises(ValueError, match="lies between 0 and 1"):
        tpir_at_fpir(open_set_curve(found_by([1], [1], [2])), fpir)


@pytest.mark.parametrize(("mates", "strangers", "rank"), [([1.0], [], 1), ([], [1.0], 1), ([1.0], [1.0], 0)])
def test_searches_of_one_kind_are_refused(mates, strangers, rank):
    with pytest.raises(ValueError, match="of subjects that are enrolled and of others"):
        open_set_curve(found_by(mates, np.ones(len(mates), dtype=int), strangers), rank)
