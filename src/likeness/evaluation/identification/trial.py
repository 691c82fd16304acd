"""A trial of open-set identification: who is enrolled by which images, which images ask, and who calibrates."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import labels


class OpenSetTrial(NamedTuple):
    """The images that are enrolled, `gallery [G]`, and those that search, `probe [P]`, as places among N images."""

    gallery: NDArray[np.int64]
    probe: NDArray[np.int64]


class CalibratedTrial(NamedTuple):
    """The same with a `cohort [C]`: images of identities who are not enrolled and do not search, for thresholds."""

    gallery: NDArray[np.int64]
    probe: NDArray[np.int64]
    cohort: NDArray[np.int64]


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


def calibrated_trial(identity: ArrayLike, *, templates: int, seed: int) -> CalibratedTrial:
    """The same, where half of those who are not enrolled, the larger where they are odd, are a cohort, drawn by `seed`.

    Raises:
        ValueError: nobody could be enrolled, or fewer than two would be left who are not.
    """
    who = labels(identity, "identity")
    gallery, probe = drawn_trial(who, templates=templates, seed=seed)
    strangers = np.setdiff1d(who, who[gallery])
    if len(strangers) < 2:
        raise ValueError("a calibrated gallery needs two identities who are not enrolled, but one is left")
    draw = np.random.Generator(np.random.Philox(key=[seed, 1]))
    chosen = draw.permutation(strangers)[: (len(strangers) + 1) // 2]
    in_cohort = np.isin(who[probe], chosen)
    return CalibratedTrial(gallery, probe[~in_cohort], probe[in_cohort])
