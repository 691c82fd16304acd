"""From what a network says of thousands of boxes to the faces of an image."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torchvision.ops import clip_boxes_to_image, nms

from likeness.models.detectors.detector import Detections

CANDIDATES = 5000
"""How many boxes of the greatest scores are compared with each other: S3FD's number before suppression."""


def select(
    boxes: Tensor, scores: Tensor, size: tuple[int, int], *, least_score: float, overlap: float, most: int
) -> Detections:
    """The faces of an image of `size` (height, width), none of which overlaps with a surer one.

    Boxes are cut at the image's border; those of no area, of a score that is no number, and those outside are left out.

    Args:
        boxes: `[A, 4]`, x1, y1, x2, y2 in pixels.
        scores: `[A]` in [0, 1].
        size: the image's.
        least_score: of a face.
        overlap: the intersection over union above which the less sure one of two goes.
        most: how many faces are given.
    """
    boxes, scores = boxes.float(), scores.float()
    likely = ((scores >= least_score) & boxes.isfinite().all(1)).nonzero()[:, 0]  # NaN is not
    likely = likely[scores[likely].argsort(descending=True, stable=True)[:CANDIDATES]]
    boxes, scores = clip_boxes_to_image(boxes[likely], size), scores[likely]
    whole = (boxes[:, 2:] > boxes[:, :2]).all(1)
    boxes, scores = boxes[whole], scores[whole]
    kept = nms(boxes, scores, overlap)[:most]
    return Detections(boxes[kept], scores[kept], without_points(boxes[kept]))


def joined(found: Sequence[Detections], *, overlap: float, most: int) -> Detections:
    """What was found in one image in several ways, without what overlaps with a surer one by more than `overlap`."""
    boxes, scores, points = (torch.cat(parts) for parts in zip(*found, strict=True))
    kept = nms(boxes, scores, overlap)[:most]
    return Detections(boxes[kept], scores[kept], points[kept])


def without_points(boxes: Tensor) -> Tensor:
    """Points that nobody knows, `[N, 5, 2]`, for `boxes [N, 4]`."""
    return torch.full((len(boxes), 5, 2), torch.nan, device=boxes.device)
