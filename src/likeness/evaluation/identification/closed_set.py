"""Closed-set identification: how near the top the right subject of a gallery stands."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import labels


def cumulative_match(rank: ArrayLike, subjects: int) -> NDArray[np.float64]:
    """The cumulative match characteristic `[S]`: entry k - 1 is the share of mated probes of `rank [P]` at most k.

    It belongs to a gallery of S `subjects` (Phillips et al. 2000, "The FERET evaluation methodology for
    face-recognition algorithms", section 3).

    Raises:
        ValueError: there is no mated probe, or a rank that is none: 0, that of a non-mated probe, or above `subjects`.
    """
    ranks = labels(rank, "rank")
    if not len(ranks) or ranks.min() < 1 or ranks.max() > subjects:
        raise ValueError(f"the ranks of mated probes lie between 1 and {subjects}, the gallery's subjects")
    return np.cumsum(np.bincount(ranks - 1, minlength=subjects)) / len(ranks)


def rank_rate(rank: ArrayLike, most: int) -> float:
    """The share of mated probes of `rank [P]` whose subject stands among the nearest `most`: rank-k of papers."""
    ranks = labels(rank, "rank")
    if not len(ranks) or ranks.min() < 1 or most < 1:
        raise ValueError("a rank-k rate needs mated probes, whose ranks are at least 1, and k of at least 1")
    return float(np.mean(ranks <= most))
