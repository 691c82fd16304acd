"""95% percentile intervals by resampling identities, not images or pairs.

Pairs that share an identity are not independent, and neither are the queries of one identity; identities are. So
each resample draws as many identities as there are, with replacement, and every pair or query counts as
often as its identities were drawn. Nothing is computed anew from images: a resample is a column of weights.

A pair of two identities weighs the product of their draws (the pigeonhole bootstrap of Owen 2007, Annals of
Applied Statistics 1(2), for data with two crossed factors, here one factor crossed with itself), a pair of
one identity the number of its draws. The product is on the safe side: where identities hardly recur among the
different pairs, as in LFW, it widens those pairs' share of an interval by up to sqrt(3). Where there is no
error at all, every resample has none either, and the interval is that one point: read it with the count.

Of few identities such an interval is too narrow: for the mean of normal values it covers 82% of 5, 90% of 10, 93% of 20
and 95% of many. Of fewer than `FEWEST_UNITS` there is none.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import finite, labels, two_classes
from likeness.evaluation.roc import area, equal_error_rate, roc, tar_at_far

FEWEST_UNITS = 5
"""Of two identities every second resample draws one of them twice, and nothing is known of what lies between."""

_BLOCK_VALUES = 1 << 19  # weights held at a time: 4 MiB, which stays in the cache


class Interval(NamedTuple):
    """The 2.5% and 97.5% percentiles of a bootstrap; NaN where the units are too few to tell."""

    low: float
    high: float


class PairIntervals(NamedTuple):
    """Intervals of what verification measures; `tar` belongs to the rates asked for, in order."""

    accuracy: Interval
    area: Interval
    equal_error_rate: Interval
    tar: tuple[Interval, ...]


def draws(identities: int, resamples: int, seed: int, block: int = 1) -> Iterator[NDArray[np.float64]]:
    """How often each identity is drawn, `[I, r]` for the next r <= `block` resamples; keyed by `seed`."""
    if identities < 1 or resamples < 1:
        raise ValueError(f"a bootstrap of {resamples} resamples over {identities} identities is empty")
    generator = np.random.Generator(np.random.Philox(key=seed))
    for start in range(0, resamples, block):
        columns = min(block, resamples - start)
        drawn = generator.integers(0, identities, size=(columns, identities))
        drawn += np.arange(columns)[:, None] * identities
        counts = np.bincount(drawn.ravel(), minlength=columns * identities)
        yield np.ascontiguousarray(counts.reshape(columns, identities).T, dtype=np.float64)


def pair_weights(
    counts: NDArray[np.float64], first: NDArray[np.int64], second: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Weights `[M, r]` of pairs of identities `(first, second)` that were drawn `counts [I, r]` times."""
    weights = counts[first]
    np.multiply(weights, counts[second], out=weights, where=(first != second)[:, None])
    return weights


def pair_intervals(
    distance: ArrayLike,
    correct: ArrayLike,
    fold: ArrayLike,
    first_identity: ArrayLike,
    second_identity: ArrayLike,
    rates: tuple[float, ...] = (),
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> PairIntervals:
    """Intervals over identities for M verification pairs: `distance`, `correct`, `fold`, identities, all
    `[M]`.

    They cover the choice of the identities. For accuracy, `correct` are the verdicts of the thresholds chosen
    on the pairs as they are: thresholds are fixed, and so is each fold's and each kind's share of the
    pairs, which the protocol sets; what varies is who they are filled with. The area, the equal error rate
    and the true accept rates (at the false accept rates `rates`) find their thresholds anew in every
    resample. NaN where `distance` cannot resolve a rate, or where every resample lost all pairs of one
    kind.
    """
    values = finite(distance, "distance", 1)
    verdicts = labels(correct, "correct", len(values)).astype(np.bool_)
    same = two_classes(
        labels(first_identity, "first", len(values)) == labels(second_identity, "second", len(values)),
        len(values),
    )
    _, folds = np.unique(labels(fold, "fold", len(values)), return_inverse=True)
    share = 1 / (np.bincount(folds)[folds] * (folds.max() + 1))  # sum(share * correct) is the mean over folds

    def accuracy(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        total = np.zeros(weights.shape[1])
        for kind in (same, ~same):
            right, all_of_it = np.stack([share * (verdicts & kind), share * kind]) @ weights
            with np.errstate(invalid="ignore"):
                total += share[kind].sum() * (right / all_of_it)
        return total

    def measure(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        curve = roc(values, same, weights)
        rows = [accuracy(weights), area(curve), equal_error_rate(curve)]
        return np.stack(rows + [tar_at_far(curve, rate) for rate in rates])

    results = weighted_intervals(measure, first_identity, second_identity, resamples=resamples, seed=seed)
    return PairIntervals(results[0], results[1], results[2], tuple(results[3:]))


def weighted_intervals(
    measure: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    first_identity: ArrayLike,
    second_identity: ArrayLike,
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> list[Interval]:
    """The interval of each row of `measure(weights [M, r]) -> [S, r]` over the identities `[M]` of M pairs."""
    first = labels(first_identity, "first")
    identities = np.stack([first, labels(second_identity, "second", len(first))])
    names, identities = np.unique(identities, return_inverse=True)
    one, other = identities.reshape(2, -1)
    return resampled_intervals(
        lambda counts: measure(pair_weights(counts, one, other)), len(names), len(first), resamples, seed
    )


def query_intervals(
    scores: ArrayLike, identity: ArrayLike, *, resamples: int = 1000, seed: int = 0
) -> list[Interval]:
    """Intervals over identities for the means of S kinds of scores `[S, Q]` of queries of `identity [Q]`.

    They cover who asks; the gallery stays as it is.
    """
    values = finite(scores, "scores", 2)
    _, identities, queries = np.unique(
        labels(identity, "identity", values.shape[1]), return_inverse=True, return_counts=True
    )
    sums = np.stack([np.bincount(identities, row) for row in values])

    def measure(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        return (sums @ counts) / (queries @ counts)

    return resampled_intervals(measure, len(queries), len(queries), resamples, seed)


def resampled_intervals(
    measure: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    units: int,
    rows: int,
    resamples: int,
    seed: int,
) -> list[Interval]:
    """The intervals of each row of `measure(counts [I, r]) -> [S, r]` over all resamples of I units.

    A unit is an identity, or an image of several faces; `rows` is how many weights `measure` holds for each resample.
    Intervals of fewer than `FEWEST_UNITS` are NaN.
    """
    if 0 < units < FEWEST_UNITS and resamples > 0:
        return [Interval(np.nan, np.nan) for _ in measure(np.ones((units, 1)))]
    block = max(1, _BLOCK_VALUES // max(rows, units))
    values = np.concatenate([measure(counts) for counts in draws(units, resamples, seed, block)], axis=1)
    intervals = []
    for row in values:
        kept = row[~np.isnan(row)]  # a resample without pairs of one kind says nothing
        low, high = np.percentile(kept, (2.5, 97.5)) if len(kept) else (np.nan, np.nan)
        intervals.append(Interval(float(low), float(high)))
    return intervals
