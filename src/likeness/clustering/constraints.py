"""What somebody said of pairs of images: that they must be, or cannot be, in one cluster (Wagstaff et al. 2001)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components


class Constraints(NamedTuple):
    """Pairs of rows that `must [M, 2]` be in one cluster, and that `cannot [C, 2]` be in one; and a `label [N]` of each
    of N images: those of one label must be in one cluster, those of two in two. A negative label is none.
    """

    must: NDArray[np.int64]
    cannot: NDArray[np.int64]
    label: NDArray[np.int64]


def constraints(
    images: int, must: ArrayLike = (), cannot: ArrayLike = (), label: ArrayLike | None = None
) -> Constraints:
    """Constraints on so many images, of lists of pairs; by default there are none.

    Raises:
        ValueError: a pair names no row, or the labels are not as many as the images.
    """
    together, apart = (np.asarray(pairs, dtype=np.int64).reshape(-1, 2) for pairs in (must, cannot))
    if any(len(each) and not (each.min() >= 0 and each.max() < images) for each in (together, apart)):
        raise ValueError(f"a constraint names a row outside the {images} images")
    labels = np.full(images, -1) if label is None else np.asarray(label, dtype=np.int64)
    if labels.shape != (images,):
        raise ValueError(f"labels must be [{images}], but their shape is {labels.shape}")
    return Constraints(together, apart, labels)


def groups(said: Constraints) -> NDArray[np.int64]:
    """The group `[N]` of each image: those that must be in one cluster, by way of others too, have one number."""
    labelled = np.flatnonzero(said.label >= 0)
    first = np.unique(said.label[labelled], return_index=True, return_inverse=True)[1:]
    ends = np.stack([labelled[first[0]][first[1]], labelled], axis=1)
    first_end, second_end = np.concatenate([said.must, ends]).T
    return joined(len(said.label), first_end, second_end)


def in_vain(said: Constraints) -> NDArray[np.int64]:
    """The `cannot` pairs `[V, 2]` whose images must be in one cluster by way of others: they have no effect."""
    group = groups(said)
    return said.cannot[group[said.cannot[:, 0]] == group[said.cannot[:, 1]]]


def joined(count: int, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    """The connected component `[N]` of each of N images, given the pairs that are joined."""
    graph = coo_matrix((np.ones(len(first), dtype=np.bool_), (first, second)), (count, count))
    component: NDArray[np.int64] = connected_components(graph, directed=False)[1].astype(np.int64)
    return component
