"""How well clusters of images are their identities: BCubed and pairwise precision, recall and F.

A negative cluster number is nobody's: what DBSCAN and HDBSCAN call noise. Each image with one is a cluster of its own;
taken for one cluster, all noise together would be one identity that nobody claimed to have found.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import labels
from likeness.evaluation.bootstrap import resampled_intervals
from likeness.evaluation.metric import Metric


class Agreement(NamedTuple):
    """Precision, recall, and `f`, their harmonic mean: how far clusters and identities agree."""

    precision: float
    recall: float
    f: float


def bcubed(cluster: ArrayLike, identity: ArrayLike) -> Agreement:
    """BCubed of N images, each in a `cluster [N]` and of an `identity [N]`.

    An image's precision is the share of its cluster that shows its identity, its recall the share of its identity that
    is in its cluster, itself counted in both; each is averaged over the images (Bagga and Baldwin 1998; Amigo, Gonzalo,
    Artiles and Verdejo 2009, "A comparison of extrinsic clustering evaluation metrics", section 4).
    """
    precision, recall = _of_images(cluster, identity)
    return _agreement(float(precision.mean()), float(recall.mean()))


def pairwise(cluster: ArrayLike, identity: ArrayLike) -> Agreement:
    """Pairwise agreement of N images: of the pairs in one cluster the share of one identity, and the reverse.

    Where there is no pair, nothing is wrong with one, and the share is 1. A cluster of n images counts as
    n (n - 1) / 2, so that the largest weigh most; BCubed weighs images.
    """
    groups, people, both = _numbered(cluster, identity)
    together, same, right = (
        int((size * (size - 1) // 2).sum()) for size in map(np.bincount, (groups, people, both))
    )
    return _agreement(right / together if together else 1.0, right / same if same else 1.0)


def evaluate_clustering(
    cluster: ArrayLike, identity: ArrayLike, *, resamples: int = 1000, seed: int = 0
) -> dict[str, Metric]:
    """Clusters of N images, under `clustering/`; every metric counts the images.

    `bcubed_precision`, `bcubed_recall`, `bcubed_f`, with intervals over identities (who is asked varies, the clusters
    stay), and `pairwise_precision`, `pairwise_recall`, `pairwise_f`. Normalised mutual information is left out: with
    few images an identity it gives 0.9 to clusters of one image each.
    """
    precision, recall = _of_images(cluster, identity)
    _, who, images = np.unique(labels(identity, "identity"), return_inverse=True, return_counts=True)
    sums = np.stack([np.bincount(who, each) for each in (precision, recall)])

    def measure(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        shares = (sums @ counts) / (images @ counts)
        return np.stack([*shares, 2 * shares[0] * shares[1] / shares.sum(axis=0)])

    intervals = resampled_intervals(measure, len(images), len(images), resamples, seed)
    result = {
        f"clustering/bcubed_{name}": Metric(value, len(who), *interval)
        for (name, value), interval in zip(
            bcubed(cluster, identity)._asdict().items(), intervals, strict=True
        )
    }
    for name, value in pairwise(cluster, identity)._asdict().items():
        result[f"clustering/pairwise_{name}"] = Metric(value, len(who))
    return result


def _of_images(cluster: ArrayLike, identity: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Each image's precision and recall, `[N]`."""
    groups, people, both = _numbered(cluster, identity)
    right, together, same = (np.bincount(numbers)[numbers] for numbers in (both, groups, people))
    return right / together, right / same


def _numbered(
    cluster: ArrayLike, identity: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Clusters, identities, and the couples of both, `[N]` each, numbered from 0; noise is a cluster an image."""
    groups = labels(cluster, "cluster").copy()
    people = labels(identity, "identity", len(groups))
    if not len(groups):
        raise ValueError("clusters can't be measured on no image")
    alone = groups < 0
    groups[alone] = groups.max() + 1 + np.arange(np.count_nonzero(alone))
    groups, people = (np.unique(each, return_inverse=True)[1] for each in (groups, people))
    both = np.unique(groups * (int(people.max()) + 1) + people, return_inverse=True)[1]
    return groups, people, both


def _agreement(precision: float, recall: float) -> Agreement:
    total = precision + recall
    return Agreement(precision, recall, 2 * precision * recall / total if total else 0.0)
