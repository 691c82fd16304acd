"""Which samples of a batch can be anchors, and their positives."""

from typing import NamedTuple

import torch
from torch import Tensor


class Anchors(NamedTuple):
    """The samples that have at least one positive and at least one negative, in order of index.

    `anchor` [A]; `positive` [A, K], ascending in each row, padded with the anchor itself up to the largest
    number of positives; `valid` [A, K] bool, false where padded; `negatives` [A], the number of each one's
    negatives.
    """

    anchor: Tensor
    positive: Tensor
    valid: Tensor
    negatives: Tensor

    def part(self, start: int, stop: int) -> "Anchors":
        """The anchors `start` to `stop`."""
        return Anchors(*(column[start:stop] for column in self))


def find_anchors(identity: Tensor) -> Anchors:
    """The anchors of a batch of labels `identity` [B]: O(B log B + B K), no [B, B] comparison of labels."""
    order = torch.argsort(identity, stable=True)
    _, group, size = torch.unique_consecutive(identity[order], return_inverse=True, return_counts=True)
    start = size.cumsum(0) - size
    place = torch.arange(len(identity), device=identity.device)  # along `order`
    kept = (size[group] > 1) & (size[group] < len(identity))
    anchor, group, place = order[kept], group[kept], place[kept]
    count = size[group] - 1
    slots = int(count.max()) if len(count) else 0
    slot = torch.arange(slots, device=identity.device).expand(len(anchor), slots)
    valid = slot < count[:, None]
    within = slot + (
        slot >= (place - start[group])[:, None]
    )  # steps over the anchor's own place in its group
    positive = order[(start[group][:, None] + within).clamp(max=len(identity) - 1)]
    positive = torch.where(valid, positive, anchor[:, None])
    ascending = torch.argsort(anchor)
    table = Anchors(anchor, positive, valid, len(identity) - 1 - count)
    return Anchors(*(column[ascending] for column in table))
