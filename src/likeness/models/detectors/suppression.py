"""Suppression of boxes by what they cover of the smaller one."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Floats = NDArray[np.float32]


def nms_by_minimum(boxes: Tensor, scores: Tensor, threshold: float) -> Tensor:
    """The boxes that stay, int64 `[K]`, the surest first; of equal scores the first box is the surer one.

    As torchvision's `nms`, but the overlap of two boxes is what they share in parts of the smaller one, not of both
    together: a small box inside a large one, of which `nms` would keep both, goes. (The last stage of MTCNN.)

    A box is compared with those alone that lie about as far along one side of the image, so that tens of thousands that
    lie apart take a second, and memory in proportion to their number.

    Args:
        boxes: `[N, 4]`, continuous x1, y1, x2, y2.
        scores: `[N]`.
        threshold: a box goes if it overlaps with a surer one that stays by more than this.
    """
    order = scores.argsort(descending=True, stable=True)
    surest_first = boxes[order].detach().float().cpu().numpy()
    strips = _strips(surest_first)
    stays = np.ones(len(order), np.bool_)
    for place in range(len(order)):
        if stays[place]:
            near = strips.near(surest_first[place])
            near = near[(near > place) & stays[near]]
            shared = _overlap_by_minimum(surest_first[place], surest_first[near])
            stays[near[~(shared <= threshold)]] = False
    return order[torch.from_numpy(stays).to(order.device)]


class _Strips(NamedTuple):
    """Where boxes begin along an `axis` (0: x, 1: y), in groups of about as long ones.

    Of each group the greatest length, where its boxes begin in rising order, and which boxes these are.
    """

    axis: int
    groups: list[tuple[float, Floats, NDArray[np.int64]]]

    def near(self, box: Floats) -> NDArray[np.int64]:
        """The boxes that may overlap with `box [4]`, itself among them."""
        begin, end = box[self.axis], box[self.axis + 2]
        return np.concatenate(
            [
                which[np.searchsorted(begins, begin - longest) : np.searchsorted(begins, end, side="right")]
                for longest, begins, which in self.groups
            ]
        )

    def comparisons(self, boxes: Floats) -> int:
        """How many boxes are near `boxes [N, 4]`, all together."""
        begin, end = boxes[:, self.axis], boxes[:, self.axis + 2]
        return sum(
            int((np.searchsorted(begins, end, side="right") - np.searchsorted(begins, begin - longest)).sum())
            for longest, begins, _ in self.groups
        )


def _strips(boxes: Floats) -> _Strips:
    """Strips along the axis on which fewer boxes are near each other."""
    return min((_along(boxes, axis) for axis in (0, 1)), key=lambda strips: strips.comparisons(boxes))


def _along(boxes: Floats, axis: int) -> _Strips:
    begins, lengths = boxes[:, axis], boxes[:, axis + 2] - boxes[:, axis]
    magnitudes = np.frexp(lengths)[1]  # a length is below 2 to its magnitude, and half of that or more
    by_begin = np.argsort(begins, kind="stable")
    groups = []
    for magnitude in np.unique(magnitudes):
        which = by_begin[magnitudes[by_begin] == magnitude]
        groups.append((2.0 ** int(magnitude), begins[which], which))
    return _Strips(axis, groups)


def _overlap_by_minimum(box: Floats, others: Floats) -> Floats:
    """What `box [4]` shares with each of `others [N, 4]` in parts of the smaller of both, `[N]`; 0 without an area."""
    shared = np.maximum(
        np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2]), np.float32(0)
    ).prod(1)
    smaller = np.minimum((box[2:] - box[:2]).prod(), (others[:, 2:] - others[:, :2]).prod(1))
    return np.divide(shared, smaller, out=np.zeros_like(shared), where=shared > 0)
