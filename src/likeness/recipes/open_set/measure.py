"""Whether thresholds hold what they promise: the rates that were wanted, and those that were found."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.evaluation.identification import open_set_curve, search_threshold, tpir_at_fpir
from likeness.recipes.open_set.galleries import DrawnSearches


class Held(NamedTuple):
    """The rate of strangers who are told as somebody, over the cohorts that chose a threshold for it.

    `found` is the mean, `lowest` and `highest` of one cohort each; `within` is the share of cohorts whose 95% interval
    held the rate of the others, and `kept` is the mean of thresholds that were chosen in another gallery.
    """

    found: float
    lowest: float
    highest: float
    within: float
    kept: float


class Rates(NamedTuple):
    """What is found in a gallery where a rate is wanted.

    Attributes:
        held: by how often a stranger searches.
        of_pairs: strangers told as somebody at a threshold for pairs of that false accept rate.
        tpir: of the enrolled who search, those whose own identity is nearest and near enough.
    """

    held: dict[int, Held]
    of_pairs: float
    tpir: float


def rates(searches: DrawnSearches, size: int, fpir: float, *, cohort: int, kept_from: int) -> Rates:
    """What thresholds for a rate of `fpir` do in the gallery of `size`, each chosen on a cohort of the strangers."""
    distances = searches.strangers[size]
    once = next(iter(distances.values()))
    return Rates(
        {
            each: held(distance, searches.strangers[kept_from][each], fpir, cohort=cohort, each=each)
            for each, distance in distances.items()
        },
        float(np.mean(once < np.quantile(searches.pairs, fpir))),
        float(tpir_at_fpir(open_set_curve(searches.found[size]), fpir)),
    )


def held(
    distance: NDArray[np.float64], before: NDArray[np.float64], fpir: float, *, cohort: int, each: int
) -> Held:
    """Let each `cohort` of strangers' searches `[C]`, `each` by a stranger, choose a threshold that tells all others.

    `before [C]` are the same searches in the gallery whose thresholds are kept.
    """
    place = np.arange(len(distance))
    subject = place // each
    found, kept, within = [], [], []
    for number in range(len(distance) // cohort):
        chosen = place // cohort == number
        threshold = search_threshold(distance[chosen], subject[chosen], fpir)
        found.append(float(np.mean(distance[~chosen] < threshold.threshold)))
        within.append(threshold.low <= found[-1] <= threshold.high)
        earlier = search_threshold(before[chosen], subject[chosen], fpir, resamples=1)
        kept.append(float(np.mean(distance[~chosen] < earlier.threshold)))
    return Held(float(np.mean(found)), min(found), max(found), float(np.mean(within)), float(np.mean(kept)))
