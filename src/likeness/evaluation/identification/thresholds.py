"""The threshold of a search: how near somebody of a gallery must be for a probe to be told as known.

A threshold for pairs does not do: a stranger is compared with all who are enrolled, and the nearest of many is near.
So it is chosen on whole searches of people who are not enrolled, the cohort, in the gallery that it is for.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import finite, labels
from likeness.evaluation.bootstrap import resampled_intervals


class SearchThreshold(NamedTuple):
    """A probe is told as known where its smallest distance to the gallery is below `threshold`, strictly.

    `fpir` is the false positive identification rate that was wanted; `cohort` counts the non-mated searches that the
    threshold was chosen on and `subjects` the identities that made them; `low` and `high` bound the rate to be expected
    at this threshold, 95% over these identities.
    """

    threshold: float
    fpir: float
    cohort: int
    subjects: int
    low: float
    high: float


def search_threshold(
    smallest_distance: ArrayLike, subject: ArrayLike, fpir: float, *, resamples: int = 1000, seed: int = 0
) -> SearchThreshold:
    """The loosest threshold that gives strangers a name in at most a share `fpir` of their searches.

    Takes of each of C searches by somebody who is not enrolled the smallest distance to the gallery `[C]`, and who
    searched `[C]`. With k the largest number for which (k + 1) / (C + 1) <= fpir, the threshold is the (k + 1)-th
    smallest of the distances. At most k of the cohort lie below it, and one more stranger does so with a probability
    of at most (k + 1) / (C + 1), whatever the distances' distribution: the argument of split conformal prediction
    (Papadopoulos et al. 2002; Vovk et al. 2005, "Algorithmic Learning in a Random World"). That holds where each search
    is another subject's, and strangers to come are like those of the cohort. Searches of one subject are alike, so that
    a few subjects with many searches tell less, and the rate to come may be above the wanted one even in the mean, by
    up to about 1 / subjects: the interval says so.

    The interval is by a bootstrap of the choice: each resample of the subjects chooses its own threshold, and the share
    of the cohort below it varies about the wanted rate as the true rate at our threshold does. Of ties with that
    threshold `low` counts none and `high` all. Where the searches of one or two subjects alone lie below the threshold,
    it holds the rate in about 85 of 100 cases and not in 95.

    Raises:
        ValueError: the cohort is too small for this rate, which takes 1 / fpir - 1 searches.
    """
    if not 0 < fpir < 1:
        raise ValueError(f"a false positive identification rate lies between 0 and 1, but fpir={fpir:g}")
    values = finite(smallest_distance, "smallest_distance", 1)
    names, who = np.unique(labels(subject, "subject", len(values)), return_inverse=True)
    searches = len(values)
    if _rank(np.array([searches]), fpir)[0] < 1:
        raise ValueError(
            f"a cohort of {searches} searches is too small for fpir={fpir:g}, which takes at least "
            f"{fewest_searches(fpir)}"
        )
    order = np.argsort(values, kind="stable")
    ascending, who = values[order], who[order]
    below, upto = (np.searchsorted(ascending, ascending, side) / searches for side in ("left", "right"))

    def rates(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        weight = np.cumsum(counts[who], axis=0)
        wanted = np.maximum(_rank(weight[-1], fpir), 1)  # a resample may have fewer searches than it takes
        chosen = np.minimum(np.count_nonzero(weight < wanted, axis=0), searches - 1)
        return np.stack([below[chosen], upto[chosen]])

    low, high = resampled_intervals(rates, len(names), searches, resamples, seed)
    threshold = ascending[int(_rank(np.array([searches]), fpir)[0]) - 1]
    return SearchThreshold(float(threshold), fpir, searches, len(names), low.low, high.high)


def fewest_searches(fpir: float) -> int:
    """How many non-mated searches a threshold for a false positive identification rate takes at least."""
    searches = max(1, int(1 / fpir) - 2)
    while _rank(np.array([searches]), fpir)[0] < 1:
        searches += 1
    return searches


def _rank(searches: NDArray[np.int64] | NDArray[np.float64], fpir: float) -> NDArray[np.int64]:
    """The largest whole r with r / (searches + 1) <= fpir.

    Compared as quotients: 29 / 100 rounds to what 0.29 does, where 0.29 * 100 is less than 29.
    """
    rank = np.floor(fpir * (searches + 1)).astype(np.int64) + 1
    while (above := rank / (searches + 1) > fpir).any():
        rank = rank - above
    return rank
