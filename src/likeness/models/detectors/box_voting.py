"""Voting of boxes: those that found the same face become one.

Gidaris and Komodakis, "Object detection via a multi-region and semantic segmentation-aware CNN model", ICCV 2015,
section 4.
"""

import torch
from torchvision.ops import box_iou, nms

from likeness.models.detectors.detector import Detections

OVERLAP = 0.5
"""The intersection over union from which on two boxes show the same face."""


def voted(detections: Detections, overlap: float = OVERLAP) -> Detections:
    """The detections that `nms` keeps, each at the mean of all boxes that overlap with it, weighted by their scores.

    A box without a partner stays as it is; its score does too, since the surest of a group gives the score. Points are
    averaged in the same way over those boxes of the group that have them. What has a score or a side that is no number
    is left out.
    """
    good = detections.scores.isfinite() & detections.boxes.isfinite().all(1)
    boxes, scores, points = (values[good] for values in detections)
    kept = nms(boxes, scores, overlap)
    alike = (box_iou(boxes[kept], boxes) >= overlap) * scores
    alike[torch.arange(len(kept)), kept] = scores[kept].clamp(min=torch.finfo(scores.dtype).tiny)
    known = ~points.isnan()
    sums = torch.einsum("kn,npc->kpc", alike, points.nan_to_num())
    weights = torch.einsum("kn,npc->kpc", alike, known.to(scores.dtype))
    return Detections(alike @ boxes / alike.sum(1, keepdim=True), scores[kept], sums / weights)


def joined(parts: list[Detections]) -> Detections:
    """All detections of one image, in no order."""
    return Detections(*(torch.cat(values) for values in zip(*parts, strict=True)))
