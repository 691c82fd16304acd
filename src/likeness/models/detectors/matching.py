"""Which face each anchor is to find."""

import heapq

import torch
from torch import Tensor
from torchvision.ops import box_iou

NO_FACE, LEFT_OUT = -1, -2
"""In place of a face's row: the anchor is background, or it is neither right nor wrong."""


def match(anchors: Tensor, boxes: Tensor, ignored: Tensor, *, positive: float, negative: float) -> Tensor:
    """For each anchor the face that it is to find, int64 `[A]`: its row of `boxes`, or NO_FACE or LEFT_OUT.

    Every face keeps an anchor: the best one that it overlaps with, or, where a face that overlaps more has taken it,
    the best one left (`best_of_each`). Every other anchor is of the face that it overlaps with most, if by `positive`
    or more; it is background if it overlaps with each by less than `negative`, and left out in between. Ignored faces
    are nobody's to find: what overlaps with them by `negative` or more, or most, and has no face, is left out.
    A face of no area, or beyond all anchors, overlaps with none and has none.

    Args:
        anchors: `[A, 4]`, x1, y1, x2, y2.
        boxes: `[N, 4]` likewise.
        ignored: bool `[N]`.
        positive: the least intersection over union of an anchor with its face.
        negative: that below which it is background.

    Raises:
        ValueError: the thresholds are not in order.
    """
    if not 0 < negative <= positive <= 1:
        raise ValueError(
            f"An anchor is background below negative={negative} and a face's from positive={positive} on: "
            "choose 0 < negative <= positive <= 1."
        )
    matched = torch.full((len(anchors),), NO_FACE, device=anchors.device)
    if not len(anchors) or not len(boxes):
        return matched
    overlap = box_iou(boxes, anchors).nan_to_num(0)  # 0 / 0 where neither has an area
    for rows, kind in ((ignored.nonzero()[:, 0], LEFT_OUT), ((~ignored).nonzero()[:, 0], None)):
        if not len(rows):
            continue
        best, row = overlap[rows].max(0)
        matched[best >= negative] = LEFT_OUT
        if kind is None:
            matched = torch.where(best >= positive, rows[row], matched)
        own = best_of_each(overlap[rows])
        taken = own >= 0
        matched[own[taken]] = rows[taken] if kind is None else LEFT_OUT
    return matched


def best_of_each(overlap: Tensor) -> Tensor:
    """For each face an anchor of its own, int64 `[N]`, given `overlap [N, A]`; -1 where none is left that it overlaps.

    Faces choose in the order of what they overlap with most, of equals the first; each takes the best anchor that is
    left. This is greedy matching by the greatest of all pairs: a face whose anchor is gone comes again with its next.
    """
    taken = torch.full((len(overlap),), -1, device=overlap.device)
    if not overlap.numel():
        return taken
    best, place = overlap.max(1)
    queue = [
        (-value, row, at) for row, (value, at) in enumerate(zip(best.tolist(), place.tolist(), strict=True))
    ]
    heapq.heapify(queue)
    gone: set[int] = set()
    while queue:
        value, row, at = heapq.heappop(queue)
        if value >= 0:
            break
        if at in gone:
            again, next_at = overlap[row].index_fill(0, taken[taken >= 0], 0).max(0)
            heapq.heappush(queue, (-float(again), row, int(next_at)))
        else:
            taken[row] = at
            gone.add(at)
    return taken
