"""BLUFR beside a whole matrix of distances and loops over its trials."""

import numpy as np
import pytest

from likeness.evaluation import EUCLIDEAN
from likeness.evaluation.identification import OpenSetTrial, blufr, evaluate_blufr
from likeness.evaluation.identification.smallest import Smallest


def images(seed=0):
    """240 images of 60 people, and three trials on most of them."""
    draw = np.random.default_rng(seed)
    identity = np.sort(draw.integers(0, 60, 240))
    embeddings = draw.normal(size=(60, 8))[identity] + 0.45 * draw.normal(size=(240, 8))
    trials = []
    for _ in range(3):
        kept = draw.permutation(240)[:200]
        names, first = np.unique(identity[kept], return_index=True)
        gallery = kept[first[draw.permutation(len(names))[:15]]]
        trials.append(OpenSetTrial(gallery, np.setdiff1d(kept, gallery)))
    return embeddings, identity, trials


def by_loops(embeddings, identity, trial):
    """A trial's numbers from its whole matrix."""
    distance = ((embeddings[:, None] - embeddings) ** 2).sum(2)
    used = np.concatenate([trial.gallery, trial.probe])
    same, different = [], []
    for i, a in enumerate(used):
        for b in used[:i]:
            (same if identity[a] == identity[b] else different).append(distance[a, b])
    same, different = np.array(same), np.sort(different)
    result = {}
    for name, rate in (("1e-3", 1e-3), ("1e-4", 1e-4)):
        allowed = int(len(different) * rate)
        result[f"tar@far={name}"] = np.mean(same < different[allowed]) if allowed else np.nan
    strangers, hits, firsts = [], [], []
    for probe in trial.probe:
        row = distance[probe, trial.gallery]
        mate = identity[trial.gallery] == identity[probe]
        if not mate.any():
            strangers.append(row.min())
            continue
        firsts.append(mate[row.argmin()])
        hits.append(row[mate][0] if firsts[-1] else np.inf)
    strangers = np.sort(strangers)
    result["rank@1"] = np.mean(firsts)
    for name, rate in (("1e-1", 1e-1), ("1e-2", 1e-2)):
        result[f"tpir@fpir={name}"] = np.mean(hits < strangers[int(len(strangers) * rate)])
    return result


@pytest.mark.parametrize("block", [240, 240 * 7, 1 << 22])
def test_it_is_what_loops_over_the_trials_give_at_any_block_size(block, monkeypatch):
    monkeypatch.setattr(blufr, "_BLOCK_VALUES", block)
    embeddings, identity, trials = images()
    found = evaluate_blufr(EUCLIDEAN.rows(embeddings), identity, trials)
    expected = [by_loops(embeddings, identity, trial) for trial in trials]
    assert {name.removeprefix("blufr/").split("_")[0] for name in found} == set(expected[0])
    for name in expected[0]:
        values = np.array([each[name] for each in expected])
        mean, std = values.mean(), values.std(ddof=1)
        for suffix, value in (("", mean), ("_std", std), ("_mean-std", mean - std)):
            metric = found[f"blufr/{name}{suffix}"]
            assert metric.value == pytest.approx(value, nan_ok=True)
            assert metric.count == 3
    assert np.isnan(found["blufr/tar@far=1e-4"].value) == np.isnan(expected[0]["tar@far=1e-4"])


def test_a_trial_is_searched_in_its_own_gallery():
    """With the galleries of all trials merged, other numbers come out; a trial alone gives its own."""
    embeddings, identity, trials = images(1)
    alone = [
        evaluate_blufr(EUCLIDEAN.rows(embeddings), identity, [trial, trial])["blufr/tpir@fpir=1e-1"].value
        for trial in trials
    ]
    together = evaluate_blufr(EUCLIDEAN.rows(embeddings), identity, trials)
    assert together["blufr/tpir@fpir=1e-1"].value == pytest.approx(np.mean(alone))
    merged = OpenSetTrial(np.unique([trial.gallery for trial in trials]), trials[0].probe)
    with pytest.raises(ValueError, match="is twice in the gallery"):
        evaluate_blufr(EUCLIDEAN.rows(embeddings), identity, [merged, merged])


def test_fewer_than_two_trials_have_no_deviation():
    embeddings, identity, trials = images()
    with pytest.raises(ValueError, match="needs 2 at least"):
        evaluate_blufr(EUCLIDEAN.rows(embeddings), identity, trials[:1])


@pytest.mark.parametrize("count", [1, 10, 1000])
def test_the_smallest_of_many_blocks_are_those_of_all(count):
    draw = np.random.default_rng(0)
    values = draw.integers(0, 500, 3000) / 7
    smallest = Smallest(count)
    for block in np.array_split(values, 23):
        smallest.add(block)
    assert np.array_equal(smallest.ascending(), np.sort(values)[:count])


def test_fewer_values_than_wanted_are_all_kept():
    smallest = Smallest(10)
    assert len(smallest.ascending()) == 0
    smallest.add(np.array([3.0, 1.0]))
    assert smallest.ascending().tolist() == [1.0, 3.0]
    assert smallest.bound == np.inf
