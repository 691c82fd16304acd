"""BLUFR, the benchmark of large-scale unconstrained face recognition on LFW.

Liao, Lei, Yi and Li 2014, "A Benchmark Study of Large-Scale Unconstrained Face Recognition", IJCB. Ten trials, each
with a gallery of one image a subject and probes of which most show nobody enrolled. Verification compares all pairs of
a trial's images; identification searches its gallery alone. What is reported is the mean over the trials less their
standard deviation.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import labels
from likeness.evaluation.comparison import RowDistances
from likeness.evaluation.identification.closed_set import rank_rate
from likeness.evaluation.identification.open_set import open_set_curve, tpir_at_fpir, written
from likeness.evaluation.identification.searches import Searches, joined, searches
from likeness.evaluation.identification.smallest import Smallest
from likeness.evaluation.identification.trial import OpenSetTrial
from likeness.evaluation.metric import Metric

FALSE_ACCEPT_RATES = (1e-3, 1e-4)
FALSE_POSITIVE_RATES = (1e-1, 1e-2)
_BLOCK_VALUES = 1 << 22  # distances held at a time: 32 MiB


def evaluate_blufr(
    distances: RowDistances, identity: ArrayLike, trials: Sequence[OpenSetTrial]
) -> dict[str, Metric]:
    """BLUFR of N images of `identity [N]`, with the `distances` of rows of them to all, under `blufr/`.

    For `tar@far=1e-3` and `1e-4` (verification on all pairs of a trial's images), `rank@1` (of the mated probes) and
    `tpir@fpir=1e-1` and `1e-2` (rank 1; DIR in the paper) there are the mean over the trials, under `NAME_std` their
    standard deviation (ddof = 1, as in the authors' code), and under `NAME_mean-std` the one less the other, by which
    the paper ranks. Each counts the trials. Thresholds are those of the trial itself and never exceed the rate; NaN
    where a trial can't resolve it.

    Every distance is computed once for all trials, in blocks, and of the pairs of two identities only as many are kept
    as lie below the thresholds.

    Raises:
        ValueError: a trial has no mated or no non-mated probe, a subject twice in its gallery, or there are fewer than
            two trials.
    """
    who = labels(identity, "identity")
    if len(trials) < 2:
        raise ValueError(f"a deviation over trials needs 2 at least, but there are {len(trials)}")
    verified = [_Verification(who, trial) for trial in trials]
    found: list[list[Searches]] = [[] for _ in trials]
    for rows, block in _blocks(distances, len(who)):
        pairs = np.arange(len(who)) > rows[:, None]  # each pair once, and no image with itself
        row, column = np.nonzero(pairs & (who == who[rows, None]))
        same = (rows[row], column, block[row, column])
        pairs &= who != who[rows, None]
        bound = max(trial.negatives.bound for trial in verified)
        row, column = np.nonzero(pairs & (block < bound) if np.isfinite(bound) else pairs)
        different = (rows[row], column, block[row, column])
        for trial, verification, parts in zip(trials, verified, found, strict=True):
            verification.add(same, different)
            here, there = np.isin(rows, trial.probe), trial.gallery
            if here.any():
                parts.append(searches(block[np.ix_(here, there)], who[rows[here]], who[there]))
    per_trial = [
        {**verification.rates(), **_identification(joined(parts))}
        for verification, parts in zip(verified, found, strict=True)
    ]
    return _over_trials(per_trial)


def _blocks(distances: RowDistances, images: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    step = max(1, _BLOCK_VALUES // images)
    for start in range(0, images, step):
        rows = np.arange(start, min(start + step, images))
        yield rows, distances(rows)


_Found = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]
"""Pairs `[M]`: the rows, the columns, and their distances."""


class _Verification:
    """Of the pairs of one trial's images all distances of one identity, and the smallest of two."""

    def __init__(self, who: NDArray[np.int64], trial: OpenSetTrial) -> None:
        self._member = np.zeros(len(who), dtype=np.bool_)
        self._member[trial.gallery] = self._member[trial.probe] = True
        sizes = np.unique(who[self._member], return_counts=True)[1]
        self._pairs = int(sizes.sum() ** 2 - (sizes**2).sum()) // 2  # of two identities
        most = max(_allowed(rate, self._pairs) for rate in FALSE_ACCEPT_RATES)
        self._positives: list[NDArray[np.float64]] = []
        self.negatives = Smallest(most + 1)

    def add(self, same: _Found, different: _Found) -> None:
        """Take the distances of pairs that are this trial's."""
        for (row, column, distance), take in (
            (same, self._positives.append),
            (different, self.negatives.add),
        ):
            take(distance[self._member[row] & self._member[column]])

    def rates(self) -> dict[str, float]:
        """TAR at each false accept rate."""
        positives, negatives = np.concatenate(self._positives), self.negatives.ascending()
        result = {}
        for rate in FALSE_ACCEPT_RATES:
            allowed = _allowed(rate, self._pairs)
            share = float(np.mean(positives < negatives[allowed])) if allowed and len(positives) else np.nan
            result[f"tar@far={written(rate)}"] = share
        return result


def _allowed(rate: float, negatives: int) -> int:
    """The most of the negatives that may be accepted; compared as quotients, since 0.29 * 100 is less than 29."""
    allowed = int(rate * negatives)
    return allowed + 1 if (allowed + 1) / negatives <= rate else allowed


def _identification(found: Searches) -> dict[str, float]:
    curve = open_set_curve(found)
    at_rates = {
        f"tpir@fpir={written(rate)}": float(tpir_at_fpir(curve, rate)) for rate in FALSE_POSITIVE_RATES
    }
    return {"rank@1": rank_rate(found.rank[found.mated], 1), **at_rates}


def _over_trials(per_trial: Sequence[dict[str, float]]) -> dict[str, Metric]:
    result = {}
    for name in per_trial[0]:
        values = np.array([trial[name] for trial in per_trial])
        mean, deviation = float(values.mean()), float(values.std(ddof=1))
        result[f"blufr/{name}"] = Metric(mean, len(values))
        result[f"blufr/{name}_std"] = Metric(deviation, len(values))
        result[f"blufr/{name}_mean-std"] = Metric(mean - deviation, len(values))
    return result
