"""Classification by the nearest of the samples that were trained on."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import finite, labels
from likeness.evaluation.comparison import EUCLIDEAN, Comparison
from likeness.evaluation.metric import Metric

_BLOCK_VALUES = 1 << 22  # distances held at a time: 32 MiB


def nearest_neighbours(
    gallery: ArrayLike, probes: ArrayLike, comparison: Comparison = EUCLIDEAN
) -> NDArray[np.int64]:
    """The row of `gallery [G, D]` that is nearest to each of `probes [Q, D]`, `[Q]`; of several the first."""
    known, asked = finite(gallery, "gallery", 2), finite(probes, "probes", 2)
    distances = comparison.rows(np.concatenate([known, asked]))
    nearest = np.empty(len(asked), np.int64)
    step = max(1, _BLOCK_VALUES // (len(known) + len(asked)))
    for start in range(0, len(asked), step):
        rows = np.arange(start, min(start + step, len(asked)))
        nearest[rows] = distances(rows + len(known))[:, : len(known)].argmin(axis=1)
    return nearest


def evaluate_classification(
    gallery: ArrayLike,
    gallery_class: ArrayLike,
    probes: ArrayLike,
    probe_class: ArrayLike,
    comparison: Comparison = EUCLIDEAN,
) -> dict[str, Metric]:
    """Under `classification/`: `1nn_accuracy`, the share of `probes [Q, D]` whose nearest of `gallery [G, D]` has their
    class, and `1nn_error`, the share of the others.

    The classes are those that were trained on, and the samples are taken to be independent: 95% intervals are Wilson's.
    """
    rows = nearest_neighbours(gallery, probes, comparison)
    asked = labels(probe_class, "probe_class")
    right = int(np.count_nonzero(labels(gallery_class, "gallery_class")[rows] == asked))
    return {
        "classification/1nn_accuracy": _share(right, len(asked)),
        "classification/1nn_error": _share(len(asked) - right, len(asked)),
    }


def _share(part: int, whole: int) -> Metric:
    from scipy.stats import binomtest  # half a second, and only who classifies needs it

    interval = binomtest(part, whole).proportion_ci(method="wilson")
    return Metric(part / whole, whole, float(interval.low), float(interval.high))
