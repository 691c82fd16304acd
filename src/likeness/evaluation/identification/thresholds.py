"""The threshold of a search: how near somebody of a gallery must be for a probe to be told as known.

A threshold for pairs does not do: a stranger is compared with all who are enrolled, and the nearest of many is near.
So it is chosen on whole searches of people who are not enrolled, the cohort, in the gallery that it is for.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import finite, labels
from likeness.evaluation.bootstrap import resampled_intervals

_ROUNDING = 1e-9
"""As much above the wanted rate counts as none: seven sevenths are not always one."""


class SearchThreshold(NamedTuple):
    """A probe is told as known where its smallest distance to the gallery is below `threshold`, strictly.

    `fpir` is the false positive identification rate that was wanted; `cohort` counts the non-mated searches that the
    threshold was chosen on and `subjects` the identities that made them; `low` and `high` bound the rate to be expected
    at this threshold, 95% over these identities, and are NaN for a single one.
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
    """The loosest threshold that is sure to give strangers a name in at most a share `fpir` of their searches.

    Takes of each of C searches by somebody who is not enrolled the smallest distance to the gallery `[C]`, and who
    searched `[C]`. A subject counts once, whatever the number of its searches: each of its n weighs 1 / n. With w the
    weight of all searches below it, the threshold is the largest for which (w + 1) / (S + 1) <= fpir, S the number of
    subjects: the one more is a stranger to come, all of whose searches are taken to lie below.

    So one more stranger's search is below it with a probability of at most `fpir`, over the draw of the cohort, of that
    stranger and of the search among the stranger's, whatever the distribution of the distances and however alike those
    of one subject are, as long as the strangers, with all their searches, are exchangeable with those of the cohort:
    hierarchical conformal prediction (Lee, Barber and Willett 2023, "Distribution-free inference with hierarchical
    data", section 3), which for one search a subject is split conformal prediction (Papadopoulos et al. 2002; Vovk et
    al. 2005, "Algorithmic Learning in a Random World"). The rate is a mean over cohorts: that at the threshold of one
    cohort strays from it, and the interval says how far. Where the searches of one subject differ, it is below
    `fpir` in the mean too, by up to 1 / (S + 1).

    The interval is by a bootstrap of the choice: each resample of the subjects chooses its own threshold, and the share
    of the cohort below it varies about the wanted rate as the true rate at our threshold does. Of ties with that
    threshold `low` counts none and `high` all. Where the searches of one or two subjects alone lie below the threshold,
    it holds the rate in about 85 of 100 cases and not in 95.

    Raises:
        ValueError: the subjects are too few for this rate, which takes 1 / fpir - 1 of them.
    """
    if not 0 < fpir < 1:
        raise ValueError(f"a false positive identification rate lies between 0 and 1, but fpir={fpir:g}")
    values = finite(smallest_distance, "smallest_distance", 1)
    names, who, searches = np.unique(
        labels(subject, "subject", len(values)), return_inverse=True, return_counts=True
    )
    subjects = len(names)
    if subjects < (fewest := fewest_searches(fpir)):
        raise ValueError(
            f"a cohort of {subjects} subjects is too small for fpir={fpir:g}, which takes at least {fewest}"
        )
    order = np.argsort(values, kind="stable")
    ascending, who = values[order], who[order]
    share = 1 / searches[who]
    allowed = fpir * (1 + _ROUNDING) * (subjects + 1) - 1
    weight = np.concatenate([[0.0], np.cumsum(share)])
    below, upto = (
        weight[np.searchsorted(ascending, ascending, side)] / subjects for side in ("left", "right")
    )

    def place(weights: NDArray[np.float64]) -> NDArray[np.int64]:
        """How many of the smallest distances may lie below a threshold, of `weights [C, ...]`."""
        return np.count_nonzero(np.cumsum(weights, axis=0) <= allowed + _ROUNDING, axis=0)

    def rates(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        chosen = place(counts[who] * share[:, None])
        return np.stack([below[chosen], upto[chosen]])

    threshold = float(ascending[place(share)])
    (low, _), (_, high) = resampled_intervals(rates, subjects, len(values), resamples, seed)
    return SearchThreshold(threshold, fpir, len(values), subjects, low, high)


def fewest_searches(fpir: float) -> int:
    """How many subjects must search, once at least, to choose a threshold for a false positive identification rate."""
    subjects = max(1, int(1 / fpir) - 2)
    while 1 / (subjects + 1) > fpir:  # compared as quotients: 100 * 0.01 may be more than 1
        subjects += 1
    return subjects
