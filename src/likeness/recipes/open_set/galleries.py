"""Searches in galleries of drawn identities of growing size, by some of them and by strangers."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.data.drawn_encodings import identities, images
from likeness.evaluation.identification import Searches

_STRANGERS = 2_000_000
"""The number of the first stranger; a gallery has those below, and each kind of strangers a range as long."""
_PAIRS = 3_000_000
_BLOCK = 10_000  # identities of the gallery drawn at a time
_PROBES = 4_000  # that are compared with them at a time


class DrawnSearches(NamedTuple):
    """What was found, by the gallery's size.

    Attributes:
        strangers: by how often each stranger searches `[C]` the smallest distances of the searches, one cohort after
            another, those of one stranger together.
        found: the searches of the mated and of the first kind of strangers.
        pairs: distances of pairs of two identities, on which a threshold for pairs would be chosen.
    """

    strangers: dict[int, dict[int, NDArray[np.float64]]]
    found: dict[int, Searches]
    pairs: NDArray[np.float64]


def search_drawn_galleries(
    *, sizes: Sequence[int], mated: int, cohort: int, cohorts: int, images_each: Sequence[int], seed: int
) -> DrawnSearches:
    """Search galleries of `sizes` drawn identities, in rising order, each with the one before in it.

    The gallery holds the identities themselves, the limit of a mean of many templates. Products are of float32: whole
    searches of hundreds of millions of distances, of which the last digit decides none.

    Args:
        sizes: of the galleries, at most 2,000,000 identities.
        mated: so many of the first identities search with an image each, as far as they are enrolled.
        cohort: searches by strangers, of which there are `cohorts` times as many.
        cohorts: at least 2.
        images_each: how often a stranger searches; for each number there are other strangers.
        seed: of all that is drawn.
    """
    searches = cohort * cohorts
    starts = [_STRANGERS * (1 + kind) for kind in range(len(images_each))]
    strangers = np.concatenate(
        [
            images(identities(first, searches // each, seed=seed).repeat(each, axis=0), seed=seed + first)
            for each, first in zip(images_each, starts, strict=True)
        ]
    )
    centres = identities(0, mated, seed=seed)
    probes = images(centres, seed=seed + 1)
    own = 2 - 2 * np.einsum("pd,pd->p", probes, centres, dtype=np.float64)
    nearest = np.full(len(strangers), np.inf)
    rank = np.ones(mated, dtype=np.int64)
    smallest: dict[int, dict[int, NDArray[np.float64]]] = {}
    found: dict[int, Searches] = {}
    for before, size in zip([0, *sizes], sizes, strict=False):
        for first, drawn in _drawn(before, size, seed):
            for start in range(0, len(strangers), _PROBES):
                block = slice(start, start + _PROBES)
                nearest[block] = np.minimum(nearest[block], 2 - 2 * (strangers[block] @ drawn.T).max(axis=1))
            distance = 2 - 2 * probes @ drawn.T
            mate = np.arange(mated) - first
            there = np.flatnonzero((mate >= 0) & (mate < len(drawn)))
            distance[there, mate[there]] = np.inf
            rank += np.count_nonzero(distance <= own[:, None], axis=1)
        enrolled = min(size, mated)
        of_each = np.split(nearest.copy(), len(images_each))
        smallest[size] = dict(zip(images_each, of_each, strict=True))
        once = smallest[size][images_each[0]]
        found[size] = Searches(
            np.arange(enrolled + len(once)),
            np.concatenate([own[:enrolled], once]),
            np.concatenate([rank[:enrolled], np.zeros(len(once), dtype=np.int64)]),
        )
    some = images(identities(_PAIRS, 2_000, seed=seed), seed=seed + 2)
    pairs = (2 - 2 * some[:1000].astype(np.float64) @ some[1000:].T).ravel()
    return DrawnSearches(smallest, found, pairs)


def _drawn(first: int, last: int, seed: int) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """The identities from `first` to `last` in blocks, each with its first number."""
    for start in range(first - first % _BLOCK, last, _BLOCK):
        drawn = identities(start, min(_BLOCK, last - start), seed=seed)
        begin = max(first, start)
        yield begin, drawn[begin - start :]
