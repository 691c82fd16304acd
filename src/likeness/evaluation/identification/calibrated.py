"""What a gallery is worth whose threshold was chosen on a cohort: rates at that threshold, of others who search.

Unlike in `open_set.py`, no threshold is found on the searches that are measured, so that the rate of strangers with a
name is a finding too, and not what was asked for.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from likeness.evaluation.bootstrap import resampled_intervals
from likeness.evaluation.identification.closed_set import rank_rate
from likeness.evaluation.identification.open_set import written
from likeness.evaluation.identification.searches import Searches
from likeness.evaluation.identification.thresholds import fewest_searches, search_threshold
from likeness.evaluation.metric import Metric

WANTED = (1e-1, 2e-2, 1e-2)


def evaluate_calibrated(
    found: Searches,
    smallest: NDArray[np.float64],
    cohort: NDArray[np.int64],
    *,
    rates: Sequence[float] = WANTED,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Metric]:
    """What P searches are worth, under `gallery/`, at thresholds that were chosen on a cohort.

    `rank@1` is the share of the mated probes whose subject is nearest. For each of the `rates` that were wanted,
    `tpir@fpir=1e-2` and so on is the share of the mated probes whose subject is nearest and below the threshold, and
    `fpir@fpir=1e-2` the share of strangers' searches that give a name there. Of these each stranger counts once,
    whatever the number of their images, as in the choice of the threshold (see `search_threshold`), so that the found
    rate can be held against the wanted one. Both are NaN where the cohort is too small for a rate. Intervals are over
    the subjects who search; the cohort and who is enrolled stay.

    Args:
        found: the searches, of subjects who are enrolled and of strangers.
        smallest: of each of the cohort's images the distance to the nearest subject, `[C]`.
        cohort: whom each of these shows, `[C]`; nobody of them is enrolled or searches.
        rates: false positive identification rates that are wanted.
        resamples: of the subjects.
        seed: draws them.

    Raises:
        ValueError: all searches are mated, or none is.
    """
    mated = found.mated
    if mated.all() or not mated.any():
        raise ValueError("a calibrated gallery is searched by subjects who are enrolled and by others")
    names, who, images = np.unique(found.subject, return_inverse=True, return_counts=True)
    weights = np.where(mated, 1.0, 1 / images[who])
    first = mated & (found.rank == 1)
    mated_count, strangers = int(mated.sum()), len(np.unique(found.subject[~mated]))

    def share(hits: NDArray[np.bool_], among: NDArray[np.bool_], count: int) -> Metric:
        per_subject = np.bincount(who, weights * (hits & among), len(names))
        of_subject = np.bincount(who, weights * among, len(names))

        def measure(counts: NDArray[np.float64]) -> NDArray[np.float64]:
            with np.errstate(invalid="ignore"):
                return ((per_subject @ counts) / (of_subject @ counts))[None]

        ((low, high),) = resampled_intervals(measure, len(names), count, resamples, seed)
        return Metric(float(per_subject.sum() / of_subject.sum()), count, low, high)

    value = rank_rate(found.rank[mated], 1)
    result = {"gallery/rank@1": share(first, mated, mated_count)._replace(value=value)}
    members = len(np.unique(cohort))
    for rate in rates:
        if members < fewest_searches(rate):
            tpir, fpir = Metric(np.nan, mated_count), Metric(np.nan, strangers)
        else:
            below = found.distance < search_threshold(smallest, cohort, rate, resamples=1).threshold
            tpir, fpir = share(first & below, mated, mated_count), share(below, ~mated, strangers)
        result[f"gallery/tpir@fpir={written(rate)}"] = tpir
        result[f"gallery/fpir@fpir={written(rate)}"] = fpir
    return result
