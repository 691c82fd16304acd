"""Open-set identification: how many of the enrolled are found when strangers are to stay unknown.

A search is a false positive where somebody is nearer than the threshold to a probe whose subject is not enrolled, and a
true positive where a probe's own subject is nearer than the threshold and among the first `rank` candidates (Grother,
Ngan and Hanaoka, "Face Recognition Vendor Test (FRVT) Part 2: Identification", NIST IR 8271, section 3; ISO/IEC
19795-1). Both are rates of searches, not of pairs.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from likeness.evaluation.bootstrap import resampled_intervals
from likeness.evaluation.identification.closed_set import rank_rate
from likeness.evaluation.identification.searches import Searches
from likeness.evaluation.metric import Metric
from likeness.evaluation.roc import Roc, roc, tar_at_far

FALSE_POSITIVE_RATES = (1e-1, 1e-2, 1e-3)


def open_set_curve(found: Searches, rank: int = 1, weights: NDArray[np.float64] | None = None) -> Roc:
    """TPIR (`tar`) over FPIR (`far`) of P searches, weighted by `weights [P, R]`; `negatives` are the non-mated ones.

    A mated search whose subject is not among the first `rank` stands behind all others: no threshold below FPIR 1
    takes it. So the curve ends at TPIR 1 there and nowhere else, and its rates at FPIR below 1 have the condition on
    the rank in them.

    Raises:
        ValueError: all searches are mated, or none is.
    """
    mated = found.mated
    if rank < 1 or mated.all() or not mated.any():
        raise ValueError(
            "open-set identification needs a rank of at least 1, and probes of subjects that are enrolled and of "
            f"others, but rank={rank} and {np.count_nonzero(mated)} of {len(mated)} probes are mated"
        )
    behind = np.nextafter(found.distance.max(), np.inf)
    return roc(np.where(found.rank > rank, behind, found.distance), mated, weights)


def tpir_at_fpir(curve: Roc, fpir: float) -> NDArray[np.float64]:
    """The TPIR, `[]` or `[R]`, at the loosest threshold whose FPIR is at most `fpir`; NaN where `fpir * negatives < 1`.

    Raises:
        ValueError: `fpir` is not between 0 and 1, at which everybody is told as somebody.
    """
    if not 0 < fpir < 1:
        raise ValueError(f"a false positive identification rate lies between 0 and 1, but fpir={fpir:g}")
    return tar_at_far(curve, fpir)


def evaluate_identification(
    found: Searches,
    *,
    rates: Sequence[float] = FALSE_POSITIVE_RATES,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Metric]:
    """What P searches in one gallery are worth, under `identification/`, each with its interval over subjects.

    `rank@1` is the share of the mated probes whose subject is nearest; it counts those probes. `tpir@fpir=1e-1` and so
    on, for each of the `rates`, is TPIR at rank 1, NaN where the non-mated probes, which it counts, can't resolve that
    rate. The thresholds are found on these searches, and anew in each resample of the subjects; who is enrolled stays.
    """
    curve = open_set_curve(found)
    names, who = np.unique(found.subject, return_inverse=True)
    mated, first = found.mated, found.rank == 1

    def measure(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        weights = counts[who]
        drawn = open_set_curve(found, weights=weights)
        with np.errstate(invalid="ignore"):
            nearest = (first @ weights) / (mated @ weights)
        return np.stack([nearest, *(tpir_at_fpir(drawn, rate) for rate in rates)])

    at_rank, *intervals = resampled_intervals(measure, len(names), len(mated), resamples, seed)
    value = rank_rate(found.rank[mated], 1)
    result = {"identification/rank@1": Metric(value, curve.positives, *at_rank)}
    for rate, interval in zip(rates, intervals, strict=True):
        value = float(tpir_at_fpir(curve, rate))
        bounds = () if np.isnan(value) else interval
        result[f"identification/tpir@fpir={written(rate)}"] = Metric(value, curve.negatives, *bounds)
    return result


def written(rate: float) -> str:
    """A rate as the names of metrics have it: 1e-2, or 0.02."""
    exponent = round(np.log10(rate))
    return f"1e{exponent}" if rate == float(f"1e{exponent}") else f"{rate:g}"
