"""Which samples of a batch can be anchors, and their positives."""

from typing import NamedTuple

import torch
from torch import Tensor


class Anchors(NamedTuple):
    """The samples that have at least one positive and at least one negative, identity by identity.

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
    smallest, largest = torch.stack(size.aminmax()).tolist()
    start = (size.cumsum(0) - size)[group]  # of the anchor's identity along `order`
    size = size[group]
    place = torch.arange(len(identity), device=identity.device)
    anchor = order
    if smallest == 1 or largest == len(identity):
        kept = (size > 1) & (size < len(identity))
        anchor, start, size, place = order[kept], start[kept], size[kept], place[kept]
    slot = torch.arange(largest - 1 if len(anchor) else 0, device=identity.device).expand(len(anchor), -1)
    valid = slot < (size - 1)[:, None]
    within = slot + (slot >= (place - start)[:, None])  # steps over the anchor's own place in its group
    positive = order[(start[:, None] + within).clamp_(max=len(identity) - 1)]
    if smallest < largest:
        positive = torch.where(valid, positive, anchor[:, None])
    return Anchors(anchor, positive, valid, len(identity) - size)
