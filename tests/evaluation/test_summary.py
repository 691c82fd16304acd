import time

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from likeness.evaluation import Metric, balanced_pairs, evaluate_pairs, evaluate_retrieval, pair_distances


@pytest.fixture(scope="module")
def measured():
    draw = np.random.default_rng(0)
    identity = np.repeat(np.arange(1000), 3)
    embeddings = draw.normal(size=(1000, 64))[identity] + draw.normal(size=(3000, 64))
    pairs = balanced_pairs(identity, seed=3)
    distance = pair_distances(embeddings, pairs.first, pairs.second)
    start = time.perf_counter()
    metrics = evaluate_pairs(distance, pairs.same, pairs.fold, identity[pairs.first], identity[pairs.second])
    return metrics, time.perf_counter() - start, distance, pairs, embeddings, identity


def test_verification_has_every_metric_with_its_count_and_interval(measured):
    metrics, _, distance, pairs, _, _ = measured
    assert list(metrics) == [
        "verification/accuracy",
        "verification/accuracy_std",
        "verification/auc",
        "verification/eer",
        *(f"verification/tar@far=1e-{exponent}" for exponent in range(1, 7)),
    ]
    assert metrics["verification/auc"].value == pytest.approx(roc_auc_score(pairs.same, -distance), abs=1e-12)
    assert [m.count for m in metrics.values()] == [6000, 10, 6000, 6000] + [3000] * 6
    for name, metric in metrics.items():
        resolved = name[-4:] not in ("1e-4", "1e-5", "1e-6")
        assert np.isfinite(metric.value) == resolved
        if resolved and name != "verification/accuracy_std":
            assert metric.low <= metric.value <= metric.high
            assert metric.low < metric.high
        else:
            assert metric.low is None
            assert metric.high is None


def test_a_thousand_resamples_of_6000_pairs_take_seconds(measured):
    assert measured[1] < 5  # 0.4 s on one idle core


def test_intervals_depend_on_the_seed_alone(measured):
    _, _, distance, pairs, _, identity = measured
    people = identity[pairs.first], identity[pairs.second]
    one, again, other = (
        evaluate_pairs(distance, pairs.same, pairs.fold, *people, resamples=20, seed=seed)
        for seed in (1, 1, 2)
    )
    assert {k: v for k, v in one.items() if v.low} == {k: v for k, v in again.items() if v.low}
    assert one["verification/auc"].low != other["verification/auc"].low


def test_retrieval_has_every_metric(measured):
    embeddings, identity = measured[4:]
    metrics = evaluate_retrieval(embeddings, identity)
    assert list(metrics) == ["retrieval/precision@1", "retrieval/r_precision", "retrieval/map@r"]
    for metric in metrics.values():
        assert isinstance(metric, Metric)
        assert metric.count == 3000
        assert metric.low < metric.value < metric.high


def test_same_must_agree_with_the_identities():
    with pytest.raises(ValueError, match="first time at pair 1"):
        evaluate_pairs([1, 2, 3], [1, 0, 1], [0, 1, 1], [5, 6, 7], [5, 6, 7])
