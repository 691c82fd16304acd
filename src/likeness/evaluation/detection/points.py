"""How far the points of a face lie from where they belong."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import array, finite, labels
from likeness.evaluation.bootstrap import query_intervals
from likeness.evaluation.detection.images import checked_boxes
from likeness.evaluation.metric import Metric

FAILURE = 0.1
"""The error above which a face counts as failed (of the eyes' distance): usual since Belhumeur et al. 2011."""


class CumulativeErrors(NamedTuple):
    """The share `[L]` of faces whose error is at most `limit [L]`, and its 95% interval `low [L]` to `high [L]`."""

    limit: NDArray[np.float64]
    share: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def eye_distance(points: ArrayLike) -> NDArray[np.float64]:
    """The distance `[N]` of the first two of `points [N, P, 2]`, the eyes; NaN where one is unknown."""
    known = _points(points, "points")
    if known.shape[1] < 2:
        raise ValueError(f"points must begin with both eyes, but their shape is {known.shape}")
    return np.asarray(np.linalg.norm(known[:, 0] - known[:, 1], axis=1))


def box_size(boxes: ArrayLike) -> NDArray[np.float64]:
    """The root of the area `[N]` of `boxes [N, 4]`, which a face in profile leaves its size, unlike its eyes."""
    sides = np.diff(checked_boxes(boxes, "boxes").reshape(-1, 2, 2), axis=1)[:, 0]
    return np.asarray(np.sqrt(sides.prod(axis=1)))


def normalised_errors(found: ArrayLike, points: ArrayLike, size: ArrayLike) -> NDArray[np.float64]:
    """The mean distance `[N]` of `found [N, P, 2]` to `points [N, P, 2]`, as a fraction of `size [N]`.

    The mean is over the points that are known: NaN in `points` is an unknown one, and a face without a known point,
    or with a NaN size (an unknown eye), has a NaN error. Raises ValueError for a size of zero or less, and where a
    known point is not found: give the faces that have points alone, and report how many have.
    """
    measured, known = _points(found, "found"), _points(points, "points")
    sizes = array(size).astype(np.float64)
    if measured.shape != known.shape or sizes.shape != known.shape[:1]:
        raise ValueError(
            f"`found`, `points` and `size` must be [N, P, 2] twice and [N], "
            f"but are {measured.shape}, {known.shape} and {sizes.shape}"
        )
    small = np.flatnonzero((sizes <= 0) | np.isinf(sizes))
    if len(small):
        raise ValueError(f"size must be above 0 and finite, but it is {sizes[small[0]]} for face {small[0]}")
    there = ~np.isnan(known).any(axis=2)
    lost = there & ~np.isfinite(measured).all(axis=2)
    missed = np.flatnonzero(np.any(lost, axis=1))
    if len(missed):
        raise ValueError(f"found holds NaN or infinity for a known point of face {missed[0]}")
    distance = np.where(there, np.linalg.norm(np.nan_to_num(measured) - np.nan_to_num(known), axis=2), 0)
    with np.errstate(invalid="ignore"):  # 0/0, of a face without a known point, is the NaN that is promised
        return np.asarray(distance.sum(axis=1) / there.sum(axis=1) / sizes)


def evaluate_points(
    errors: ArrayLike, image: ArrayLike, *, limit: float = FAILURE, resamples: int = 1000, seed: int = 0
) -> dict[str, Metric]:
    """What normalised `errors [N]` of faces in `image [N]` come to; each counts the faces whose error is not NaN.

    Under `landmarks/`: `nme`, the mean; `failure@LIMIT`, the share above `limit`; `auc@LIMIT`, the area under the
    cumulative curve from 0 to `limit`, divided by `limit`. Intervals are over images. NaN without an interval where
    no error is known.
    """
    if not 0 < limit < np.inf:
        raise ValueError(f"limit={limit} must be above 0 and finite")
    values, images = _known(errors, image)
    names = ("landmarks/nme", f"landmarks/failure@{limit:g}", f"landmarks/auc@{limit:g}")
    if not len(values):
        return {name: Metric(float("nan"), 0) for name in names}
    # The area under the steps of one face is how far below the limit its error lies.
    rows = np.stack([values, values > limit, np.clip(1 - values / limit, 0, None)])
    intervals = query_intervals(rows, images, resamples=resamples, seed=seed)
    return {
        name: Metric(float(row.mean()), len(values), *interval)
        for name, row, interval in zip(names, rows, intervals, strict=True)
    }


def cumulative_errors(
    errors: ArrayLike, image: ArrayLike, limits: ArrayLike, *, resamples: int = 1000, seed: int = 0
) -> CumulativeErrors:
    """The cumulative curve of `errors [N]` of faces in `image [N]` at each of `limits`, with intervals over images.

    Faces whose error is NaN are left out; raises ValueError if none is left.
    """
    steps = finite(limits, "limits", 1)
    values, images = _known(errors, image)
    if not len(values):
        raise ValueError("a cumulative error curve needs at least one face with a known error")
    inside = (values <= steps[:, None]).astype(np.float64)
    low, high = np.array(query_intervals(inside, images, resamples=resamples, seed=seed)).T
    return CumulativeErrors(steps, inside.mean(axis=1), low, high)


def _points(values: ArrayLike, name: str) -> NDArray[np.float64]:
    result = array(values).astype(np.float64)
    if result.ndim != 3 or result.shape[2] != 2:
        raise ValueError(f"{name} must be [N, P, 2], but their shape is {result.shape}")
    return result


def _known(errors: ArrayLike, image: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The errors that are not NaN, and their images; raises ValueError for an infinite or negative one."""
    values = array(errors).astype(np.float64)
    if values.ndim != 1:
        raise ValueError(f"errors must be [N], but their shape is {values.shape}")
    images = labels(image, "image", len(values)) if len(values) else np.zeros(0, dtype=np.int64)
    if np.isinf(values).any() or (values < 0).any():
        raise ValueError("errors must be 0 or more and finite, or NaN where they are unknown")
    kept = ~np.isnan(values)
    return values[kept], images[kept]
