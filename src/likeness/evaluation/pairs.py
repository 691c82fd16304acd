"""Verification pairs for data that come without a protocol of their own."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import labels

_PEOPLE_PER_FOLD = (
    5  # fewer make too few couples of identities: one fold of two identities knows a single couple
)


_IDLE = 20
"""Draws without a new pair after which there are taken to be no more."""


class DrawnPairs(NamedTuple):
    """Pairs of images `first`, `second` `[M]`, whether they show one identity `[M]`, and their fold `[M]`."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    same: NDArray[np.bool_]
    fold: NDArray[np.int64]


def balanced_pairs(
    identity: ArrayLike,
    *,
    folds: int = 10,
    pairs_per_fold: int = 600,
    seed: int,
    context: ArrayLike | None = None,
) -> DrawnPairs:
    """Draws pairs over the images of `identity [N]` after the pattern of LFW's View 2.

    In each fold half of the pairs show one identity (an identity with at least 2 images, each equally likely,
    then two of the images) and half two (two identities, each couple equally likely, then an image of each).
    No pair occurs twice, in either order, and no image is paired with itself. No identity is in two folds,
    provided that each fold gets at least 5 identities, one of them with 2 images; with fewer identities the folds
    share them, but still no pair. Small data give fewer pairs (each fold stays balanced) and, if there are
    fewer pairs than folds, fewer folds. Pairs are ordered by fold, those of one identity first.

    Where a `context [N]` is given, as the word of a recording, the two images of a pair are of different ones.

    A function of its arguments alone (Philox keyed by `seed` and the fold), and O(N log N). Raises
    ValueError if not even two folds of two pairs can be drawn.
    """
    names = labels(identity, "identity")
    if folds < 2 or pairs_per_fold < 2 or seed < 0:
        raise ValueError(
            "folds and pairs_per_fold must be at least 2 and seed at least 0, but they are "
            f"{folds}, {pairs_per_fold} and {seed}"
        )
    around = None if context is None else labels(context, "context", len(names))
    samples = np.argsort(names, kind="stable")
    _, starts, sizes = np.unique(names[samples], return_index=True, return_counts=True)
    paired, alone = np.flatnonzero(sizes >= 2), np.flatnonzero(sizes == 1)
    half = pairs_per_fold // 2
    drawn: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    if len(sizes) >= folds * _PEOPLE_PER_FOLD and len(paired) >= folds:
        shuffle = _generator(seed, folds)
        dealt = np.concatenate([shuffle.permutation(paired), shuffle.permutation(alone)])
        for number in range(folds):
            identities = _People(samples, starts[dealt[number::folds]], sizes[dealt[number::folds]], around)
            drawn.append(_draw(identities, half, _generator(seed, number)))
    else:
        identities = _People(samples, starts, sizes, around)
        same, different = _draw(identities, half * folds, _generator(seed, 0))
        folds = min(folds, len(same))
        if folds < 2:
            raise ValueError(
                "verification needs at least 2 pairs of one identity and 2 pairs of two identities, but "
                f"{len(names)} images of {len(sizes)} identities give too few"
            )
        usable = len(same) // folds * folds
        drawn = [(same[number:usable:folds], different[number:usable:folds]) for number in range(folds)]
    pairs = np.concatenate([kind for fold in drawn for kind in fold])
    counts = [len(kind) for fold in drawn for kind in fold]
    return DrawnPairs(
        first=pairs // len(names),
        second=pairs % len(names),
        same=np.repeat(np.tile([True, False], folds), counts),
        fold=np.repeat(np.repeat(np.arange(folds), 2), counts),
    )


class _People(NamedTuple):
    """Some identities: each owns `sizes` consecutive entries of `samples [N]`, from `starts` on; `context [N]`."""

    samples: NDArray[np.int64]
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]
    context: NDArray[np.int64] | None


def _generator(seed: int, stream: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=np.array([seed, stream], dtype=np.uint64)))


def _draw(
    identities: _People, half: int, generator: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """As many pairs of each kind as there are, at most `half`; pair (a, b), a < b, is written `a * N + b`."""
    sizes = identities.sizes
    total = int(sizes.sum())
    possible_same = int((sizes * (sizes - 1) // 2).sum())
    possible_different = (total * total - int((sizes * sizes).sum())) // 2
    wanted = min(half, possible_same, possible_different)
    paired = np.flatnonzero(sizes >= 2)

    def same(count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        identity = paired[generator.integers(0, len(paired), count)]
        first, second = _two_of(sizes[identity], generator)
        return identities.starts[identity] + first, identities.starts[identity] + second

    def different(count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        one, other = _two_of(np.full(count, len(sizes)), generator)
        return (
            identities.starts[one] + generator.integers(0, sizes[one]),
            identities.starts[other] + generator.integers(0, sizes[other]),
        )

    found = [_distinct(kind, wanted, identities) for kind in (same, different)]
    both = min(map(len, found))
    return found[0][:both], found[1][:both]


def _two_of(
    sizes: NDArray[np.int64], generator: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Two different numbers below each of `sizes`, every ordered couple equally likely."""
    first = generator.integers(0, sizes)
    second = generator.integers(0, sizes - 1)
    return first, second + (second >= first)


def _distinct(
    candidates: Callable[[int], tuple[NDArray[np.int64], NDArray[np.int64]]],
    wanted: int,
    identities: _People,
) -> NDArray[np.int64]:
    """The first `wanted` distinct pairs among `candidates`, in the order in which they come.

    Of those that contexts allow nobody knows the number: no more are looked for once many candidates gave none.
    """
    samples, context = identities.samples, identities.context
    found, idle = np.empty(0, dtype=np.int64), 0
    while len(found) < wanted and idle < _IDLE:
        before = len(found)
        places = candidates(wanted + 256)
        one, other = samples[places[0]], samples[places[1]]
        if context is not None:
            allowed = context[one] != context[other]
            one, other = one[allowed], other[allowed]
        found = np.concatenate([found, np.minimum(one, other) * len(samples) + np.maximum(one, other)])
        _, first_seen = np.unique(found, return_index=True)
        found = found[np.sort(first_seen)]
        idle = 0 if context is None or len(found) > before else idle + 1
    return found[:wanted]
