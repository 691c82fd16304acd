"""All that is measured of an embedding, as metrics with their counts and intervals."""

import numpy as np
from numpy.typing import ArrayLike

from likeness.evaluation.arrays import finite, labels, two_classes
from likeness.evaluation.bootstrap import pair_intervals, query_intervals, weighted_intervals
from likeness.evaluation.comparison import EUCLIDEAN, Comparison
from likeness.evaluation.detection_cost import minimum_detection_cost
from likeness.evaluation.metric import Metric
from likeness.evaluation.retrieval import query_scores
from likeness.evaluation.roc import area, equal_error_rate, roc, tar_at_far
from likeness.evaluation.verification import fold_accuracy

FALSE_ACCEPT_RATES = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)


def evaluate_pairs(
    distance: ArrayLike,
    same: ArrayLike,
    fold: ArrayLike,
    first_identity: ArrayLike,
    second_identity: ArrayLike,
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Metric]:
    """Verification over M pairs: `distance` (smaller means more alike), `same`, `fold`, identities, all
    `[M]`.

    Under `verification/`: `accuracy` (mean over folds), `accuracy_std` (over folds, ddof = 0; counts the
    folds), `auc`, `eer` (these count the pairs), and `tar@far=1e-1` to `1e-6` (these count the negatives,
    which is what resolves a false accept rate; the value is NaN where `far * count < 1`). Intervals: see
    `pair_intervals`. Raises ValueError where `same` contradicts the identities.
    """
    values = finite(distance, "distance", 1)
    kinds = two_classes(same, len(values))
    first = labels(first_identity, "first_identity", len(values))
    second = labels(second_identity, "second_identity", len(values))
    if not np.array_equal(kinds, first == second):
        wrong = int(np.flatnonzero(kinds != (first == second))[0])
        raise ValueError(f"same contradicts the identities, for the first time at pair {wrong}")
    accuracy = fold_accuracy(values, kinds, fold)
    curve = roc(values, kinds)
    intervals = pair_intervals(
        values, accuracy.correct, fold, first, second, FALSE_ACCEPT_RATES, resamples=resamples, seed=seed
    )
    pairs = len(values)
    result = {
        "verification/accuracy": Metric(accuracy.mean, pairs, *intervals.accuracy),
        "verification/accuracy_std": Metric(accuracy.deviation, len(accuracy.per_fold)),
        "verification/auc": Metric(float(area(curve)), pairs, *intervals.area),
        "verification/eer": Metric(float(equal_error_rate(curve)), pairs, *intervals.equal_error_rate),
    }
    for exponent, (rate, interval) in enumerate(zip(FALSE_ACCEPT_RATES, intervals.tar, strict=True), start=1):
        value = float(tar_at_far(curve, rate))
        bounds = () if np.isnan(value) else interval
        result[f"verification/tar@far=1e-{exponent}"] = Metric(value, curve.negatives, *bounds)
    return result


def evaluate_detection_cost(
    distance: ArrayLike,
    same: ArrayLike,
    first_identity: ArrayLike,
    second_identity: ArrayLike,
    *,
    target: float,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Metric]:
    """`verification/min_dcf` over M pairs, at a share `target` of pairs of one identity: see `minimum_detection_cost`.

    Distances, `same` and identities are `[M]`; the interval is that of `weighted_intervals`.
    """
    values = finite(distance, "distance", 1)
    kinds = two_classes(same, len(values))
    (interval,) = weighted_intervals(
        lambda weights: minimum_detection_cost(roc(values, kinds, weights), target=target)[None],
        first_identity,
        second_identity,
        resamples=resamples,
        seed=seed,
    )
    cost = float(minimum_detection_cost(roc(values, kinds), target=target))
    return {"verification/min_dcf": Metric(cost, len(values), *interval)}


def evaluate_retrieval(
    embeddings: ArrayLike,
    identity: ArrayLike,
    comparison: Comparison = EUCLIDEAN,
    *,
    queries: int | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Metric]:
    """Retrieval among `embeddings [N, D]` of `identity [N]`, under `retrieval/`; each metric counts the
    queries.

    `precision@1`, `r_precision` and `map@r`: see `query_scores`; intervals: see `query_intervals`.
    """
    scores = query_scores(embeddings, identity, comparison, queries=queries, seed=seed)
    kinds = np.stack([scores.precision_at_1, scores.r_precision, scores.map_at_r])
    asked = labels(identity, "identity")[scores.query]
    intervals = query_intervals(kinds, asked, resamples=resamples, seed=seed)
    names = ("retrieval/precision@1", "retrieval/r_precision", "retrieval/map@r")
    return {
        name: Metric(float(row.mean()), len(asked), *interval)
        for name, row, interval in zip(names, kinds, intervals, strict=True)
    }
