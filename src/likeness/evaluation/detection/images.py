"""What a detector found and what is annotated, as checked arrays: one entry for each image."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import array


class ImageFaces(NamedTuple):
    """An image: D detections, highest score first, and F annotated faces.

    `boxes [D, 4]` and `faces [F, 4]` are continuous x1, y1, x2, y2; `scores [D]`. `order [D]` is where each detection
    stood in what was handed in. `ignored [F]` faces are neither to be found nor wrong to find.
    """

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    order: NDArray[np.int64]
    faces: NDArray[np.float64]
    ignored: NDArray[np.bool_]


def checked_images(
    boxes: Sequence[ArrayLike],
    scores: Sequence[ArrayLike],
    faces: Sequence[ArrayLike],
    ignored: Sequence[ArrayLike] | None = None,
) -> list[ImageFaces]:
    """The images of `boxes` ([D, 4] each), `scores` ([D]), `faces` ([F, 4]) and `ignored` ([F]; None: no face is).

    Detections of equal scores keep their order. Boxes of no area are taken (they overlap nothing), an empty list is
    an image without boxes. Raises ValueError for lists of different lengths, no image, other shapes, a box that is
    turned inside out, and what is NaN or infinite.
    """
    lists = {"scores": scores, "faces": faces} | ({} if ignored is None else {"ignored": ignored})
    if not len(boxes):
        raise ValueError("an evaluation of detections needs at least one image")
    for name, given in lists.items():
        if len(given) != len(boxes):
            raise ValueError(f"`boxes` are of {len(boxes)} images, but `{name}` of {len(given)}")
    result = []
    for image in range(len(boxes)):
        place = f"of image {image}"
        found, annotated = (
            checked_boxes(boxes[image], f"boxes {place}"),
            checked_boxes(faces[image], f"faces {place}"),
        )
        values = checked_scores(scores[image], len(found), place)
        left_out = array([] if ignored is None else ignored[image])
        if ignored is None:
            left_out = np.zeros(len(annotated), dtype=np.bool_)
        if left_out.shape != (len(annotated),):
            raise ValueError(f"ignored {place} must be [{len(annotated)}], but its shape is {left_out.shape}")
        order = np.argsort(-values, kind="stable")
        result.append(ImageFaces(found[order], values[order], order, annotated, left_out.astype(np.bool_)))
    return result


def checked_boxes(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """`values` as float64 boxes `[N, 4]`, N = 0 for an empty list; raises ValueError for what is no box."""
    result = array(values)
    if result.size == 0:
        return np.zeros((0, 4))
    if result.ndim != 2 or result.shape[1] != 4:
        raise ValueError(f"{name} must be [N, 4], but their shape is {result.shape}")
    result = result.astype(np.float64)
    if not np.isfinite(result).all():
        raise ValueError(
            f"{name} hold {np.count_nonzero(~np.isfinite(result))} values that are NaN or infinite"
        )
    inside_out = (result[:, 2:] < result[:, :2]).any(axis=1)
    if inside_out.any():
        first = int(np.flatnonzero(inside_out)[0])
        raise ValueError(f"{name} must be x1, y1, x2, y2 with x1 <= x2 and y1 <= y2, but box {first} is not")
    return result


def checked_scores(values: ArrayLike, length: int, place: str) -> NDArray[np.float64]:
    """`values` as float64 scores `[length]`; raises ValueError for another shape and for NaN or infinity."""
    result = array(values).astype(np.float64)
    if result.shape != (length,):
        raise ValueError(
            f"scores {place} must be [{length}], one for each box, but their shape is {result.shape}"
        )
    if not np.isfinite(result).all():
        raise ValueError(
            f"scores {place} hold {np.count_nonzero(~np.isfinite(result))} that are NaN or infinite"
        )
    return result
