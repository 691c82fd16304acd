"""What probes find in a gallery: where their own subject stands, or who is nearest where it is not enrolled."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import finite, labels


class Searches(NamedTuple):
    """What P probes, each of a `subject [P]`, found in a gallery.

    A probe whose subject is enrolled, mated, has its `distance [P]` to that subject and the subject's `rank [P]`: 1
    where no other is as near. A probe whose subject is not enrolled, non-mated, has its smallest distance to anybody
    and rank 0. What a mated probe has in common with other subjects is no impostor's distance, and is not kept.
    """

    subject: NDArray[np.int64]
    distance: NDArray[np.float64]
    rank: NDArray[np.int64]

    @property
    def mated(self) -> NDArray[np.bool_]:
        """Whether the probe's subject is enrolled, `[P]`."""
        return self.rank > 0


def searches(distance: ArrayLike, probe: ArrayLike, gallery: ArrayLike) -> Searches:
    """The searches of P probes in a gallery of S subjects, from the distances `[P, S]` (smaller means more alike).

    `probe [P]` and `gallery [S]` are subjects; templates of one subject are made one first, see `templates.py`. The
    rank is one more than the number of other subjects at most as far: a tie counts against the probe, so that an
    encoder that tells nothing apart finds nobody. A gallery is one gallery: those of several trials are searched apart.

    Raises:
        ValueError: shapes disagree, or a subject is twice in the gallery.
    """
    values = finite(distance, "distance", 2)
    asked = labels(probe, "probe", len(values))
    enrolled = labels(gallery, "gallery", values.shape[1])
    order = np.argsort(enrolled, kind="stable")
    ascending = enrolled[order]
    if (twice := ascending[1:][ascending[1:] == ascending[:-1]]).size:
        raise ValueError(f"subject {twice[0]} is twice in the gallery: make one of its templates")
    place = np.minimum(np.searchsorted(ascending, asked), len(order) - 1)
    mated = ascending[place] == asked
    nearest: NDArray[np.float64] = values.min(axis=1)
    nearest[mated] = values[mated, order[place[mated]]]
    rank = np.zeros(len(asked), dtype=np.int64)
    rank[mated] = np.count_nonzero(values[mated] <= nearest[mated, None], axis=1)
    return Searches(asked, nearest, rank)


def joined(parts: Sequence[Searches]) -> Searches:
    """The searches of several blocks of probes in one gallery, in order."""
    return Searches(*(np.concatenate(column) for column in zip(*parts, strict=True)))
