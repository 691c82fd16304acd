"""The thresholds of clusters, chosen on images whose identities are known."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

from likeness.clustering.constraints import joined
from likeness.clustering.measured import Measured
from likeness.clustering.neighbours import LARGEST, Thresholds
from likeness.evaluation.arrays import labels


class _Join(NamedTuple):
    """That the clusters of two images are joined at a distance."""

    height: float
    first: int
    second: int


def choose_thresholds(measured: Measured, identity: ArrayLike) -> Thresholds:
    """The thresholds at which the clusters of N images agree best with their `identity [N]`, by the F of BCubed.

    First that of neighbours, with components as clusters; then, with it, that of average linkage within components.
    Each lies in the middle between the last distance at which F is largest and the next at which anything would be
    joined: for average linkage, if need be, two components.
    Of more than 10,000 images the first identities are taken, as many as that holds.

    Raises:
        ValueError: there is one identity alone, or no identity has two images.
    """
    of_all = labels(identity, "identity", measured.images)
    names, numbered = np.unique(of_all, return_inverse=True)
    taken = np.flatnonzero(np.cumsum(np.bincount(numbered))[numbered] <= LARGEST)
    who = numbered[taken]
    if len(names) < 2 or len(np.unique(who)) == len(who):
        raise ValueError("thresholds are chosen on two identities or more, one of them with several images")
    distance = measured.some(taken).matrix()
    neighbours = _best_height(_joins(distance, np.arange(len(who)), "single"), who)
    first, second = np.nonzero(np.triu(distance < neighbours, 1))
    component = joined(len(who), first, second)
    within: list[_Join] = []
    for number in np.flatnonzero(np.bincount(component) > 1):
        rows = np.flatnonzero(component == number)
        within += _joins(distance[np.ix_(rows, rows)], rows, "average")
    apart = _least_between(distance, component)
    return Thresholds(neighbours, _best_height(within, who, apart) if within else neighbours)


def _least_between(distance: NDArray[np.float64], component: NDArray[np.int64]) -> float:
    """The least mean distance of two components, infinite where there is one."""
    order = np.argsort(component, kind="stable")
    starts = np.flatnonzero(np.diff(component[order], prepend=-1))
    sums = np.add.reduceat(np.add.reduceat(distance[np.ix_(order, order)], starts, axis=0), starts, axis=1)
    images = np.bincount(component)
    means = sums / np.outer(images, images)
    np.fill_diagonal(means, np.inf)
    return float(means.min())


def _joins(distance: NDArray[np.float64], rows: NDArray[np.int64], method: str) -> Iterable[_Join]:
    """What a linkage joins of the images `rows [M]` at distances `[M, M]`; a cluster is known by an image of it."""
    tree = linkage(squareform(distance, checks=False), method)
    image = rows.tolist()
    for left, right, height, _ in tree.tolist():
        yield _Join(height, image[int(left)], image[int(right)])
        image.append(image[int(left)])


def _best_height(joins: Iterable[_Join], identity: NDArray[np.int64], beyond: float = np.inf) -> float:
    """Where to stop joining for the largest F, of equal ones the first; `beyond` is where the next join would be."""
    in_order = sorted(joins)
    heights = [one.height for one in in_order]
    scores = _scores(in_order, identity)
    # Of joins at one height all are done or none.
    ends = [place for place, height in enumerate(heights) if heights[place + 1 : place + 2] != [height]]
    best = max(ends, key=lambda place: scores[place])
    after = min([*heights[best + 1 : best + 2], beyond])
    middle = (heights[best] + after) / 2 if np.isfinite(after) else heights[best]
    return max(middle, float(np.nextafter(heights[best], np.inf)))


def _scores(joins: Sequence[_Join], identity: NDArray[np.int64]) -> list[float]:
    """The F of BCubed after each join, all images being alone at first.

    Precision is the sum over clusters c and identities i of n_ci^2 / |c|, recall that of n_ci^2 / |i|, both over N.
    """
    size_of = np.bincount(identity).tolist()
    counts: list[dict[int, int]] = [{who: 1} for who in identity.tolist()]
    size = [1] * len(identity)
    cluster = list(range(len(identity)))
    precision, recall = float(len(identity)), sum(1 / size_of[who] for who in identity.tolist())
    scores = []
    for _, first, second in joins:
        into, other = _root(cluster, first), _root(cluster, second)
        if len(counts[into]) < len(counts[other]):
            into, other = other, into
        squares = _squares(counts[into]) / size[into] + _squares(counts[other]) / size[other]
        for who, number in counts[other].items():
            before = counts[into].get(who, 0)
            recall += 2 * before * number / size_of[who]
            counts[into][who] = before + number
        counts[other] = {}
        size[into] += size[other]
        cluster[other] = into
        precision += _squares(counts[into]) / size[into] - squares
        scores.append(2 * precision * recall / (precision + recall) / len(identity))
    return scores


def _squares(counts: dict[int, int]) -> int:
    return sum(number * number for number in counts.values())


def _root(cluster: list[int], image: int) -> int:
    while cluster[image] != image:
        cluster[image] = cluster[cluster[image]]
        image = cluster[image]
    return image
