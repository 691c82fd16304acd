"""Which samples of each class a probe learns from, and which it is asked about."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import labels


class Halves(NamedTuple):
    """Rows to learn from `[F]` and rows to be asked about `[S]`; ascending, and none is in both."""

    learned: NDArray[np.int64]
    asked: NDArray[np.int64]


def halves_of(identity: ArrayLike, *, seed: int) -> Halves:
    """Half of each identity's samples to learn from, and the rest to be asked about, drawn by `seed`.

    Of an odd number one more is learned from; identities of one sample are left out.

    Args:
        identity: `[N]`.
        seed: another one, other halves.

    Raises:
        ValueError: fewer than two identities have two samples.
    """
    known = labels(identity, "identity")
    draw = np.random.Generator(np.random.Philox(key=seed))
    order = draw.permutation(len(known))
    order = order[
        np.argsort(known[order], kind="stable")
    ]  # an identity's samples one behind the other, shuffled
    _, start, count = np.unique(known[order], return_index=True, return_counts=True)
    rank = np.arange(len(known)) - np.repeat(start, count)
    several = np.repeat(count, count)
    if np.count_nonzero(count > 1) < 2:
        raise ValueError(
            f"a probe tells identities apart by other samples of theirs, and {np.count_nonzero(count > 1)} of "
            f"{len(count)} identities have two"
        )
    first = rank < (several + 1) // 2
    return Halves(np.sort(order[first & (several > 1)]), np.sort(order[~first]))
