"""Which samples of a batch can be anchors, and their positives."""

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor


class Anchors(NamedTuple):
    """The samples that have at least one positive and at least one negative, identity by identity.

    `anchor` [A]; `positive` [A, K], ascending in each row, padded with the anchor itself up to the largest
    number of positives; `valid` [A, K] bool, false where `padded`; `negatives` [A], the number of each one's
    negatives.
    """

    anchor: Tensor
    positive: Tensor
    valid: Tensor
    negatives: Tensor
    padded: bool

    def part(self, start: int, stop: int) -> "Anchors":
        """The anchors `start` to `stop`."""
        return self.chosen(slice(start, stop))

    def chosen(self, which: slice | Tensor) -> "Anchors":
        """Some of the anchors."""
        anchor, positive, valid, negatives, padded = self
        return Anchors(anchor[which], positive[which], valid[which], negatives[which], padded)


def find_anchors(identity: Tensor) -> Anchors:
    """The anchors of a batch of labels `identity` [B]: O(B log B + B K), no [B, B] comparison of labels."""
    grouped, order = torch.sort(identity, stable=True)
    _, size = torch.unique_consecutive(grouped, return_counts=True)
    sizes = size.tolist()
    smallest, largest = min(sizes), max(sizes)
    if 1 < smallest == largest < len(identity):
        return _alike(order, smallest)
    group = torch.repeat_interleave(size)
    start = (size.cumsum(0) - size)[group]  # of the anchor's identity along `order`
    size = size[group]
    place = torch.arange(len(identity), device=identity.device)
    kept = (size > 1) & (size < len(identity))
    anchor, start, size, place = order[kept], start[kept], size[kept], place[kept]
    slot = torch.arange(largest - 1 if len(anchor) else 0, device=identity.device).expand(len(anchor), -1)
    valid = slot < (size - 1)[:, None]
    within = slot + (slot >= (place - start)[:, None])  # steps over the anchor's own place in its group
    positive = order[(start[:, None] + within).clamp_(max=len(identity) - 1)]
    if smallest < largest:
        positive = torch.where(valid, positive, anchor[:, None])
    return Anchors(anchor, positive, valid, len(identity) - size, smallest < largest)


def _alike(order: Tensor, images: int) -> Anchors:
    """The anchors of identities that have `images` samples each, by the samples' `order` [B]: all of them."""
    others = _others(images, order.device)
    positive = order.view(-1, images)[:, others].view(-1, images - 1)
    valid = torch.ones_like(positive, dtype=torch.bool)
    return Anchors(order, positive, valid, torch.full_like(order, len(order) - images), padded=False)


@lru_cache(maxsize=32)
def _others(images: int, device: torch.device) -> Tensor:
    """For each of an identity's samples the others' places: [K, K - 1]."""
    places = range(images)
    others = [[other for other in places if other != own] for own in places]
    return torch.tensor(others, device=device)
