"""The precision-recall curve of a set of images, and the area under it.

What a detection is worth never depends on another image, so that a resample of images is a column of weights, and
the detections are matched and sorted once.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array

from likeness.evaluation.arrays import array
from likeness.evaluation.bootstrap import resampled_intervals
from likeness.evaluation.detection.images import ImageFaces, checked_images
from likeness.evaluation.detection.matching import FOUND, NEITHER, match
from likeness.evaluation.metric import Metric


class PrecisionRecall(NamedTuple):
    """Recall and precision `[U]` (for R resamples `[U, R]`) of what scores at least `threshold [U]`.

    `threshold` falls from the highest of the U distinct scores; detections of equal scores enter together. `faces`
    counts the faces that are to be found. Recall is NaN where there are none, precision where nothing entered.
    """

    recall: NDArray[np.float64]
    precision: NDArray[np.float64]
    threshold: NDArray[np.float64]
    faces: int


class Verdicts(NamedTuple):
    """The V detections of I images that count, highest score first, and how many faces are to be found.

    `score [V]`, `found [V]` (else wrong), `image [V]`, `faces [I]`.
    """

    score: NDArray[np.float64]
    found: NDArray[np.bool_]
    image: NDArray[np.int64]
    faces: NDArray[np.int64]


def precision_recall(
    boxes: Sequence[ArrayLike],
    scores: Sequence[ArrayLike],
    faces: Sequence[ArrayLike],
    ignored: Sequence[ArrayLike] | None = None,
    *,
    iou: float = 0.5,
    least_height: float = 0.0,
) -> PrecisionRecall:
    """The curve of detections `boxes` ([D, 4] for each image) and `scores` ([D]) against `faces` ([F, 4]).

    `ignored` ([F]) and faces lower than `least_height` pixels are neither to be found nor wrong to find; a detection
    elsewhere is wrong whatever its own height. See `match`.
    """
    judged = verdicts(ignore_low(checked_images(boxes, scores, faces, ignored), least_height), iou)
    curve = weighted_curve(judged, np.ones((len(boxes), 1)))
    return curve._replace(recall=curve.recall[:, 0], precision=curve.precision[:, 0])


def average_precision(recall: ArrayLike, precision: ArrayLike) -> NDArray[np.float64]:
    """The area under a curve of rising `recall` and `precision`, `[U]` or, for R curves, `[U, R]`: `[]` or `[R]`.

    Precision at a recall is the best at that recall or a higher one, and zero beyond the last (Pascal VOC since 2010,
    and WIDER FACE). NaN precision (nothing entered yet) counts as zero. NaN recall (no face) gives NaN, no point zero.
    """
    rising, values = array(recall).astype(np.float64), array(precision).astype(np.float64)
    if rising.shape != values.shape or rising.ndim not in (1, 2):
        raise ValueError(
            f"`recall` and `precision` must be alike, [U] or [U, R], but are {rising.shape} and {values.shape}"
        )
    if (np.diff(rising, axis=0) < 0).any():
        raise ValueError("`recall` must rise along the curve; sort its points by falling score")
    best = np.maximum.accumulate(np.nan_to_num(values, nan=0.0)[::-1], axis=0)[::-1]
    return np.asarray((np.diff(rising, axis=0, prepend=0.0) * best).sum(axis=0))


def evaluate_average_precision(
    boxes: Sequence[ArrayLike],
    scores: Sequence[ArrayLike],
    faces: Sequence[ArrayLike],
    ignored: Sequence[ArrayLike] | None = None,
    *,
    iou: float = 0.5,
    least_height: float = 0.0,
    resamples: int = 1000,
    seed: int = 0,
) -> Metric:
    """The average precision of `precision_recall` with its interval over images; counts the faces to be found.

    NaN without an interval where no face is to be found.
    """
    judged = verdicts(ignore_low(checked_images(boxes, scores, faces, ignored), least_height), iou)
    total = int(judged.faces.sum())
    if total == 0:
        return Metric(float("nan"), 0)
    rising = _rising(judged)

    def measure(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        curve = weighted_curve(rising, counts)
        area = average_precision(curve.recall, curve.precision)
        # Where there is no detection, no point of the curve is left to say that a resample has no face.
        return np.where(judged.faces @ counts > 0, area, np.nan)[None]

    (value,) = measure(np.ones((len(boxes), 1)))[0]
    (interval,) = resampled_intervals(measure, len(boxes), len(rising.score), resamples, seed)
    return Metric(float(value), total, *interval)


def ignore_low(images: Sequence[ImageFaces], least_height: float) -> list[ImageFaces]:
    """The images with every face that is lower than `least_height` pixels ignored."""
    if not least_height >= 0:
        raise ValueError(f"least_height={least_height} must be 0 pixels or more")
    low = [one.faces[:, 3] - one.faces[:, 1] < least_height for one in images]
    return [one._replace(ignored=one.ignored | small) for one, small in zip(images, low, strict=True)]


def verdicts(images: Sequence[ImageFaces], iou: float) -> Verdicts:
    """The detections of all images that are found or wrong at `iou`, in one order."""
    judged = [match(one, iou).verdict for one in images]
    kinds = np.concatenate(judged)
    score = np.concatenate([one.scores for one in images])
    image = np.repeat(np.arange(len(images)), [len(one) for one in judged])
    order = np.argsort(-score, kind="stable")
    order = order[kinds[order] != NEITHER]
    faces = np.array([np.count_nonzero(~one.ignored) for one in images], dtype=np.int64)
    return Verdicts(score[order], kinds[order] == FOUND, image[order], faces)


def weighted_curve(judged: Verdicts, counts: NDArray[np.float64]) -> PrecisionRecall:
    """The curves `[U, R]` of R resamples, in which the images were drawn `counts [I, R]` times."""
    first = np.diff(judged.score, prepend=np.inf) < 0
    step = np.cumsum(first) - 1

    def added(chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        """How many of the chosen detections come in at each step, `[U, R]`, without a row for each of them."""
        shape = (np.count_nonzero(first), len(judged.faces))
        places = (step[chosen], judged.image[chosen])
        return np.asarray(coo_array((np.ones(len(places[0])), places), shape).tocsr() @ counts)

    entered = np.cumsum(added(np.ones_like(judged.found)), axis=0)
    found = np.cumsum(added(judged.found), axis=0)
    with np.errstate(invalid="ignore"):  # 0/0 is the NaN that is promised
        recall, precision = found / (judged.faces @ counts), found / entered
    return PrecisionRecall(recall, precision, judged.score[first], int(judged.faces.sum()))


def _rising(judged: Verdicts) -> Verdicts:
    """Those with the same average precision in every resample, of which each step of the curve finds a face.

    Between two that find one, precision does nothing but fall: so what is wrong there may come in with the second. What
    is wrong after the last of them changes nothing.
    """
    finds = judged.score[judged.found]
    following = np.searchsorted(-finds, -judged.score)  # the first find of an equal or a lower score
    kept = following < len(finds)
    return Verdicts(finds[following[kept]], judged.found[kept], judged.image[kept], judged.faces)
