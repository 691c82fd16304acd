"""A trial of open-set identification: who is enrolled by which images, and which images ask."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import labels


class OpenSetTrial(NamedTuple):
    """The images that are enrolled, `gallery [G]`, and those that search, `probe [P]`, as places among N images."""

    gallery: NDArray[np.int64]
    probe: NDArray[np.int64]


def drawn_trial(identity: ArrayLike, *, templates: int, seed: int) -> OpenSetTrial:
    """Enrols every other of the identities of N images, `identity [N]`, by `templates` images each, drawn by `seed`.

    Of the identities that have an image more than that a half is enrolled, the larger where they are odd; their other
    images are mated probes. All images of all other identities are non-mated. A function of its arguments alone.

    Raises:
        ValueError: nobody could be enrolled, or nobody would be left who is not.
    """
    who = labels(identity, "identity")
    draw = np.random.Generator(np.random.Philox(key=seed))
    order = draw.permutation(len(who))
    order = order[np.argsort(who[order], kind="stable")]  # by identity, the images of each in a drawn order
    names, starts, sizes = np.unique(who[order], return_index=True, return_counts=True)
    able = np.flatnonzero(sizes > templates)
    enrolled = draw.permutation(able)[: (len(able) + 1) // 2]
    if templates < 1 or not len(enrolled) or len(enrolled) == len(names):
        raise ValueError(
            f"open-set identification with templates={templates} needs an identity with at least "
            f"{templates + 1} images and another identity, but there are {len(able)} and {len(names)} in all"
        )
    gallery = order[np.sort(starts[enrolled])[:, None] + np.arange(templates)].ravel()
    return OpenSetTrial(np.sort(gallery), np.setdiff1d(np.arange(len(who)), gallery))
