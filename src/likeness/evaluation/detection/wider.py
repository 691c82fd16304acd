"""The average precision of WIDER FACE, as its official evaluation computes it.

Yang, Luo, Loy and Tang 2016, "WIDER FACE: A Face Detection Benchmark", and the MATLAB tools that come with it. What
differs from a plain average precision: scores are stretched over the set to [0, 1] and cut at 1,000 thresholds; a box
of w x h pixels is taken to be w + 1 by h + 1; and an image without an annotated face is left out, wrong detections
and all.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import array
from likeness.evaluation.bootstrap import resampled_intervals
from likeness.evaluation.detection.images import ImageFaces, checked_images
from likeness.evaluation.detection.matching import FOUND, NEITHER, match
from likeness.evaluation.detection.precision_recall import PrecisionRecall, average_precision
from likeness.evaluation.metric import Metric

THRESHOLDS = 1000
IOU = 0.5


def wider_precision_recall(
    boxes: Sequence[ArrayLike],
    scores: Sequence[ArrayLike],
    faces: Sequence[ArrayLike],
    listed: Sequence[ArrayLike],
) -> PrecisionRecall:
    """The official curve, 1,000 points, of a validation list: easy, medium or hard.

    `listed` (for each image, indices into its `faces` [F, 4], counted from 0) are the faces of the list; all others
    are ignored. Thresholds are those of the stretched scores, 0.999 down to 0. Precision is NaN where nothing entered.
    """
    entered, found, total = _per_image(_judged_images(boxes, scores, faces, listed))
    curve = _curve(entered.sum(axis=1), found.sum(axis=1), np.float64(total.sum()))
    return PrecisionRecall(*curve, _thresholds(), int(total.sum()))


def evaluate_wider(
    boxes: Sequence[ArrayLike],
    scores: Sequence[ArrayLike],
    faces: Sequence[ArrayLike],
    lists: Mapping[str, Sequence[ArrayLike]],
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Metric]:
    """`detection/wider_NAME` for each of `lists` (easy, medium, hard): the official average precision.

    Each counts the faces of its list, and has its interval over images; the scores stay stretched as in the whole
    set. NaN without an interval for a list without a face. Arguments as in `wider_precision_recall`.
    """
    result = {}
    for name, listed in lists.items():
        entered, found, total = _per_image(_judged_images(boxes, scores, faces, listed))

        def measure(
            counts: NDArray[np.float64],
            entered: NDArray[np.float64] = entered,
            found: NDArray[np.float64] = found,
            total: NDArray[np.float64] = total,
        ) -> NDArray[np.float64]:
            return average_precision(*_curve(entered @ counts, found @ counts, total @ counts))[None]

        faces_listed = int(total.sum())
        if faces_listed == 0:
            result[f"detection/wider_{name}"] = Metric(float("nan"), 0)
            continue
        (value,) = measure(np.ones((len(boxes), 1)))[0]
        (interval,) = resampled_intervals(measure, len(boxes), THRESHOLDS, resamples, seed)
        result[f"detection/wider_{name}"] = Metric(float(value), faces_listed, *interval)
    return result


def stretched(scores: Sequence[ArrayLike]) -> list[NDArray[np.float64]]:
    """The scores of all images, moved and scaled so that the lowest of the set is 0 and the highest 1.

    All of them 1 where they are equal, which the official tools divide by zero for.
    """
    rows = [array(one).astype(np.float64) for one in scores]
    every = np.concatenate([one.ravel() for one in rows]) if rows else np.zeros(0)
    low, high = (every.min(), every.max()) if len(every) else (0.0, 0.0)
    return [(one - low) / (high - low) if high > low else np.ones_like(one) for one in rows]


def _thresholds() -> NDArray[np.float64]:
    """1 - t / 1000 for t = 1 .. 1000."""
    return 1 - np.arange(1, THRESHOLDS + 1) / THRESHOLDS


def _judged_images(
    boxes: Sequence[ArrayLike],
    scores: Sequence[ArrayLike],
    faces: Sequence[ArrayLike],
    listed: Sequence[ArrayLike],
) -> list[ImageFaces]:
    """The images with stretched scores, boxes a pixel wider and higher, and the faces off the list ignored."""
    images = checked_images(boxes, scores, faces)
    if len(listed) != len(images):
        raise ValueError(f"`boxes` are of {len(images)} images, but `listed` of {len(listed)}")
    result = []
    for number, (one, values) in enumerate(zip(images, stretched(scores), strict=True)):
        wanted = array(listed[number]).ravel()
        if len(wanted) and (
            wanted.dtype.kind not in "iu" or wanted.min() < 0 or wanted.max() >= len(one.faces)
        ):
            raise ValueError(f"listed of image {number} must be indices from 0 to {len(one.faces) - 1}")
        ignored = np.ones(len(one.faces), dtype=np.bool_)
        ignored[wanted.astype(np.int64)] = False
        pixel = np.array([0, 0, 1, 1])
        result.append(ImageFaces(one.boxes + pixel, values[one.order], one.order, one.faces + pixel, ignored))
    return result


def _per_image(
    images: Sequence[ImageFaces],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """At each threshold, the detections that count and those that found a face, `[1000, I]`; and faces `[I]`."""
    entered, found = np.zeros((2, THRESHOLDS, len(images)))
    total = np.zeros(len(images))
    for number, one in enumerate(images):
        total[number] = np.count_nonzero(~one.ignored)
        if not len(one.faces):
            continue
        verdict = match(one, IOU).verdict
        first = np.searchsorted(-_thresholds(), -one.scores)  # the first threshold that lets a score in
        np.add.at(entered[:, number], first, verdict != NEITHER)
        np.add.at(found[:, number], first, verdict == FOUND)
    return np.cumsum(entered, axis=0), np.cumsum(found, axis=0), total


def _curve(
    entered: NDArray[np.float64], found: NDArray[np.float64], total: NDArray[np.float64] | np.float64
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    with np.errstate(invalid="ignore"):  # 0/0 is the NaN that is promised
        return found / total, found / entered
