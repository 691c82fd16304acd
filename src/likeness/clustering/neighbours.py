"""Thresholded neighbours: components of the graph of near pairs, each split where it is loose.

Two images closer than a threshold are neighbours, and those that hang together by neighbours make a component. One
wrong pair joins two identities for good, and the more images, the more such pairs: so each component is split again by
average linkage, in which a pair alone says little, at a second threshold.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from likeness.clustering.constraints import Constraints, constraints, groups, joined
from likeness.clustering.measured import Measured, euclidean

LARGEST = 10_000
"""Images of a component that average linkage is given: the distances of all their pairs take 2.4 GB on the way."""

_PAIRS = 1 << 22  # held at a time
_TIGHTER, _TIMES = 0.9, 100


class Thresholds(NamedTuple):
    """The distance of two images below which they are `neighbours`, and the mean distance of two clusters up to which
    they are `joined`.
    """

    neighbours: float
    joined: float


class NeighbourClusters:
    """Clusters of embeddings by `fit_predict`, as scikit-learn's estimators make them.

    Args:
        neighbours: the squared Euclidean distance of two images below which they are neighbours.
        joined: the mean distance of two clusters up to which they are joined.
    """

    def __init__(self, neighbours: float, joined: float) -> None:
        self._thresholds = Thresholds(neighbours, joined)

    def fit_predict(self, embeddings: NDArray[np.float32]) -> NDArray[np.int64]:
        """The cluster `[N]` of each of `embeddings [N, D]`."""
        return clusters(euclidean(embeddings), self._thresholds)


def clusters(
    measured: Measured, thresholds: Thresholds, said: Constraints | None = None
) -> NDArray[np.int64]:
    """The cluster `[N]` of each of N images, numbered from 0 in the order of their first images.

    What must be in one cluster is: it is joined before anything else. What cannot be in one cluster never is: within a
    component clusters are joined from the nearest on, by the mean distance of their images, and two that hold such a
    pair are never joined, so that every other image goes to the end that is nearer. Where images must be together by
    way of others, that they cannot be has no effect. The result depends on the images and on what was said, not on the
    order of either (but for equal distances): so adding images gives what all at once give.

    A component of more than 10,000 images is first taken apart by smaller thresholds, each 0.9 times the last.
    """
    said = constraints(measured.images) if said is None else said
    return _by_first(_clusters(measured, thresholds, said, groups(said), _TIMES))


def _clusters(
    measured: Measured,
    thresholds: Thresholds,
    said: Constraints,
    group: NDArray[np.int64],
    times: int,
) -> NDArray[np.int64]:
    """Clusters of images, of which those of one `group [N]` must be together; a threshold is reduced so many times."""
    component = _components(measured, thresholds.neighbours, group)
    result = np.empty(measured.images, dtype=np.int64)
    done = 0
    order = np.argsort(component, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(component[order])) + 1):
        part = np.zeros(len(rows), dtype=np.int64)
        if len(rows) > 1 and (len(rows) <= LARGEST or times):
            inside = _within(rows, said)
            if len(rows) <= LARGEST:
                distance = measured.some(rows).matrix()
                part = _split(distance, thresholds.joined, group[rows], inside.cannot)
            else:
                smaller = thresholds._replace(neighbours=_TIGHTER * thresholds.neighbours)
                part = _clusters(measured.some(rows), smaller, inside, group[rows], times - 1)
        result[rows] = done + part
        done += int(part.max(initial=-1)) + 1
    return result


def _components(measured: Measured, threshold: float, group: NDArray[np.int64]) -> NDArray[np.int64]:
    """The components `[N]` of neighbours, and of those that must be together; pairs are forgotten block by block."""
    component = group
    held: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    count = 0
    for pairs in measured.below(threshold):
        held.append((component[pairs.first], component[pairs.second]))
        count += len(pairs.first)
        if count > _PAIRS:
            component, held, count = _merged(component, held), [], 0
    return _merged(component, held)


def _merged(
    component: NDArray[np.int64], pairs: list[tuple[NDArray[np.int64], NDArray[np.int64]]]
) -> NDArray[np.int64]:
    if not pairs:
        return component
    first, second = (np.concatenate(side) for side in zip(*pairs, strict=True))
    merged: NDArray[np.int64] = joined(int(component.max()) + 1, first, second)[component]
    return merged


def _within(rows: NDArray[np.int64], said: Constraints) -> Constraints:
    """What was said of the images `rows [M]`, ascending, by their places; of two labels as a pair that cannot be."""
    cannot = said.cannot
    if len(cannot):
        cannot = np.searchsorted(rows, cannot[np.isin(cannot, rows).all(axis=1)])
    label = said.label[rows]
    if len(names := np.unique(label[label >= 0])) > 1:
        one_of_each = np.array([np.argmax(label == name) for name in names])
        cannot = np.concatenate([cannot, one_of_each[np.stack(np.triu_indices(len(names), 1), axis=1)]])
    return Constraints(said.must[:0], cannot, label)


def _split(
    distance: NDArray[np.float64], cut: float, group: NDArray[np.int64], cannot: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The clusters `[M]` that average linkage makes of images at distances `[M, M]`, which it may change."""
    if not len(cannot) and distance.max() <= cut:
        return np.zeros(len(distance), dtype=np.int64)
    # Shifted to above 0, where those lie that must be together; means of distances are shifted by as much.
    shift = 1 - min(0.0, float(distance.min()))
    distance += shift
    cut = max(cut + shift, 0.0)
    for one, other in {(one, other) for one, other in group[cannot].tolist()}:
        apart = np.ix_(group == one, group == other)
        # With one such distance in it, no mean over two clusters of M images together is at most the cut.
        distance[apart] = 2 * (cut + 1) * len(distance) ** 2
        distance.T[apart] = distance[apart]
    distance[group[:, None] == group] = 0
    tree = linkage(squareform(distance, checks=False), "average")
    part: NDArray[np.int64] = fcluster(tree, cut, "distance").astype(np.int64) - 1
    return part


def _by_first(cluster: NDArray[np.int64]) -> NDArray[np.int64]:
    _, first, number = np.unique(cluster, return_index=True, return_inverse=True)
    rank: NDArray[np.int64] = np.argsort(np.argsort(first))[number]
    return rank
