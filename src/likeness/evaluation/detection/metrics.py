"""All that is measured of a detector of faces, as metrics with their counts and intervals."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import array
from likeness.evaluation.bootstrap import query_intervals
from likeness.evaluation.detection.height import HeightRecall, face_heights, recall_by_height
from likeness.evaluation.detection.images import ImageFaces, checked_images
from likeness.evaluation.detection.matching import FOUND, NEITHER, match
from likeness.evaluation.detection.points import box_size, evaluate_points, eye_distance, normalised_errors
from likeness.evaluation.detection.precision_recall import evaluate_average_precision, ignore_low
from likeness.evaluation.metric import Metric

BANDS = (8.0, 16.0, 32.0, 64.0, float("inf"))
"""Edges in pixels: doubling steps from the lowest faces that a detector is asked for."""


class FoundFaces(Protocol):
    """What a detector finds in an image: D boxes, their scores, and P points of each (NaN: none)."""

    @property
    def boxes(self) -> ArrayLike:
        """Continuous x1, y1, x2, y2 in pixels, `[D, 4]`."""

    @property
    def scores(self) -> ArrayLike:
        """In any order, `[D]`."""

    @property
    def points(self) -> ArrayLike:
        """x and y of each point, `[D, P, 2]`."""


class AnnotatedFaces(Protocol):
    """The F faces of an image; an ignored one is neither to be found nor wrong to find."""

    @property
    def boxes(self) -> ArrayLike:
        """Continuous x1, y1, x2, y2 in pixels, `[F, 4]`."""

    @property
    def points(self) -> ArrayLike:
        """x and y of each point, both eyes first, NaN where unknown, `[F, P, 2]`."""

    @property
    def ignored(self) -> ArrayLike:
        """`[F]`."""


class LandmarkErrors(NamedTuple):
    """The mean error of the points of N found faces in `image [N]`, NaN where it is unknown.

    `by_eyes [N]` is a fraction of the distance of the eyes, `by_box [N]` of the root of the box's area.
    """

    by_eyes: NDArray[np.float64]
    by_box: NDArray[np.float64]
    image: NDArray[np.int64]


class Columns(NamedTuple):
    """Of each image the boxes that were found and their scores, the faces' boxes, and which of them are ignored."""

    boxes: list[ArrayLike]
    scores: list[ArrayLike]
    faces: list[ArrayLike]
    ignored: list[ArrayLike]


def columns(found: Sequence[FoundFaces], faces: Sequence[AnnotatedFaces]) -> Columns:
    """What the functions of this folder take first, of what was `found` in each image and its `faces`."""
    return Columns(
        [one.boxes for one in found],
        [one.scores for one in found],
        [one.boxes for one in faces],
        [one.ignored for one in faces],
    )


def detection_metrics(
    found: Sequence[FoundFaces],
    faces: Sequence[AnnotatedFaces],
    *,
    threshold: float = 0.5,
    bands: Sequence[float] = BANDS,
    iou: float = 0.5,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Metric]:
    """What was `found` in each image against its `faces`, with intervals over images.

    Under `detection/`: `ap`, the average precision at `iou` over all scores; and of the detections that score at least
    `threshold`: `recall`, `recall@LOW-HIGH` of the faces between each two of the rising `bands` (heights in pixels;
    `recall@LOW+` where the last is infinite), and `precision`, which counts the detections. All others count the faces.
    A face lower than the first band is ignored.

    Under `landmarks/`, where the points of a face are known and found: `nme_box`, the mean error as a fraction of the
    root of the box's area, and what `evaluate_points` makes of the errors as fractions of the distance of the eyes,
    which is hardly more than zero for a face in profile. Both count the faces whose error is known.

    Raises ValueError for `bands` that do not rise, and for what `precision_recall` and `landmark_errors` refuse.
    """
    edges = np.asarray(bands, dtype=np.float64)
    if edges.ndim != 1 or len(edges) < 2 or not (edges[0] >= 0 and (np.diff(edges) > 0).all()):
        raise ValueError(f"bands={tuple(bands)} must be two heights or more that rise from 0 pixels or more")
    judged = columns(found, faces)
    heights = face_heights(*judged, threshold=threshold, iou=iou)
    whole, *parts = (
        one
        for limits in ((bands[0], np.inf), bands)
        for one in recall_by_height(heights, limits, resamples=resamples, seed=seed)
    )
    result = {
        "detection/ap": evaluate_average_precision(
            *judged, iou=iou, least_height=bands[0], resamples=resamples, seed=seed
        ),
        "detection/precision": _precision(
            ignore_low(checked_images(*judged), bands[0]), threshold, iou, resamples, seed
        ),
        "detection/recall": whole.recall,
    }
    result |= {f"detection/recall@{_range(one)}": one.recall for one in parts}
    errors = landmark_errors(found, faces, threshold=threshold, least_height=bands[0], iou=iou)
    if np.isfinite(errors.by_box).any():
        by_box = evaluate_points(errors.by_box, errors.image, resamples=resamples, seed=seed)
        result |= evaluate_points(errors.by_eyes, errors.image, resamples=resamples, seed=seed)
        result["landmarks/nme_box"] = by_box["landmarks/nme"]
    return result


def landmark_errors(
    found: Sequence[FoundFaces],
    faces: Sequence[AnnotatedFaces],
    *,
    threshold: float = 0.5,
    least_height: float = 0.0,
    iou: float = 0.5,
) -> LandmarkErrors:
    """The errors of the points of each face that a detection of at least `threshold` finds.

    They are NaN for a face without a known point, and for one whose detection lacks a point that is known.
    """
    images = checked_images(*columns(found, faces))
    measured, known, boxes, image = [], [], [], []
    for number, one in enumerate(ignore_low(images, least_height)):
        matches = match(one, iou)
        right = np.flatnonzero((matches.verdict == FOUND) & (one.scores >= threshold))
        if not len(right):
            continue
        face = matches.face[right]
        here, there = array(found[number].points), array(faces[number].points)
        if (
            here.shape[1:] != there.shape[1:]
            or here.ndim != 3
            or (len(here), len(there)) != (len(one.boxes), len(one.faces))
        ):
            raise ValueError(
                f"points of image {number} must be [{len(one.boxes)}, P, 2] as found and "
                f"[{len(one.faces)}, P, 2] as annotated, but are {here.shape} and {there.shape}"
            )
        measured.append(here[one.order[right]])
        known.append(there[face])
        boxes.append(one.faces[face])
        image.append(np.full(len(face), number))
    if not image:
        return LandmarkErrors(np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.int64))
    there, points = np.concatenate(measured).astype(np.float64), np.concatenate(known).astype(np.float64)
    lost = (np.isnan(there) & ~np.isnan(points)).any(axis=(1, 2))
    points[lost] = np.nan
    eyes = eye_distance(points)
    eyes[eyes == 0] = np.nan  # in profile, one eye may lie on the other
    return LandmarkErrors(
        normalised_errors(there, points, eyes),
        normalised_errors(there, points, box_size(np.concatenate(boxes))),
        np.concatenate(image),
    )


def _precision(
    images: Sequence[ImageFaces], threshold: float, iou: float, resamples: int, seed: int
) -> Metric:
    """The share of detections that are right, of those that count; its interval is over the images with any."""
    verdicts = [match(one, iou).verdict[one.scores >= threshold] for one in images]
    image = np.repeat(np.arange(len(images)), [len(one) for one in verdicts])
    kinds = np.concatenate(verdicts)
    right = (kinds == FOUND)[kinds != NEITHER].astype(np.float64)
    if not len(right):
        return Metric(float("nan"), 0)
    (interval,) = query_intervals(right[None], image[kinds != NEITHER], resamples=resamples, seed=seed)
    return Metric(float(right.mean()), len(right), *interval)


def _range(one: HeightRecall) -> str:
    return f"{one.low:g}+" if np.isinf(one.high) else f"{one.low:g}-{one.high:g}"
