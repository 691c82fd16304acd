"""How many faces are found, by their height."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import finite
from likeness.evaluation.bootstrap import query_intervals
from likeness.evaluation.detection.images import checked_images
from likeness.evaluation.detection.matching import match
from likeness.evaluation.metric import Metric

HEIGHTS = (0.0, 10.0, 20.0, 40.0, 80.0, 160.0, float("inf"))
"""Edges in pixels: doubling steps, of which 20 is where sets of photographs commonly begin to count."""


class HeightRecall(NamedTuple):
    """The recall of faces of `low` <= height < `high` pixels; it counts these faces."""

    low: float
    high: float
    recall: Metric


class FaceHeights(NamedTuple):
    """The faces that are to be found, N over all images: `height [N]` in pixels, `found [N]`, `image [N]`."""

    height: NDArray[np.float64]
    found: NDArray[np.bool_]
    image: NDArray[np.int64]


def face_heights(
    boxes: Sequence[ArrayLike],
    scores: Sequence[ArrayLike],
    faces: Sequence[ArrayLike],
    ignored: Sequence[ArrayLike] | None = None,
    *,
    threshold: float = -np.inf,
    iou: float = 0.5,
) -> FaceHeights:
    """Which faces are found by the detections that score at least `threshold`. Arguments as in `precision_recall`."""
    heights, found = [], []
    images = checked_images(boxes, scores, faces, ignored)
    for one in images:
        wanted = ~one.ignored
        heights.append((one.faces[:, 3] - one.faces[:, 1])[wanted])
        found_at = match(one, iou).found_at[wanted]
        found.append((found_at >= threshold) & (found_at > -np.inf))
    image = np.repeat(np.arange(len(images)), [len(one) for one in heights])
    return FaceHeights(np.concatenate(heights), np.concatenate(found), image)


def recall_by_height(
    faces: FaceHeights, edges: Sequence[float] = HEIGHTS, *, resamples: int = 1000, seed: int = 0
) -> list[HeightRecall]:
    """The recall between each two of the rising `edges` (pixels; the last may be infinite), lowest faces first.

    Intervals are over the images with a face of that height. A bin without a face has NaN and no interval.
    """
    bounds = np.asarray(edges, dtype=np.float64)
    finite(bounds[:-1], "edges before the last", 1)
    if not (np.diff(bounds) > 0).all():
        raise ValueError(f"edges={tuple(edges)} must rise")
    result = []
    for low, high in pairwise(bounds.tolist()):
        inside = (faces.height >= low) & (faces.height < high)
        found = faces.found[inside].astype(np.float64)
        if not len(found):
            result.append(HeightRecall(low, high, Metric(float("nan"), 0)))
            continue
        (interval,) = query_intervals(found[None], faces.image[inside], resamples=resamples, seed=seed)
        result.append(HeightRecall(low, high, Metric(float(found.mean()), len(found), *interval)))
    return result
