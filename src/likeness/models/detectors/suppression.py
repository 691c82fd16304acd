"""Suppression of boxes by what they cover of the smaller one."""

import torch
from torch import Tensor


def nms_by_minimum(boxes: Tensor, scores: Tensor, threshold: float) -> Tensor:
    """The boxes that stay, int64 `[K]`, the surest first; of equal scores the first box is the surer one.

    As torchvision's `nms`, but the overlap of two boxes is what they share in parts of the smaller one, not of both
    together: a small box inside a large one, of which `nms` would keep both, goes. (The last stage of MTCNN.)

    Args:
        boxes: `[N, 4]`, continuous x1, y1, x2, y2.
        scores: `[N]`.
        threshold: a box goes if it overlaps with a surer one that stays by more than this.
    """
    order = scores.argsort(descending=True, stable=True)
    kept: list[Tensor] = []
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        order = order[overlap_by_minimum(boxes[best], boxes[order]) <= threshold]
    return torch.stack(kept) if kept else order


def overlap_by_minimum(box: Tensor, others: Tensor) -> Tensor:
    """What `box [4]` shares with each of `others [N, 4]` in parts of the smaller of both, `[N]`; 0 without an area."""
    shared = (
        (torch.minimum(box[2:], others[:, 2:]) - torch.maximum(box[:2], others[:, :2])).clamp(min=0).prod(1)
    )
    smaller = torch.minimum((box[2:] - box[:2]).prod(), (others[:, 2:] - others[:, :2]).prod(1))
    return torch.where(shared > 0, shared / smaller, 0.0)
