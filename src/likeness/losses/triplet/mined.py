"""Triplet losses that mine one negative for each anchor, or for each anchor-positive pair."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from ..precision import sum_dtype
from .anchors import Anchors
from .arguments import Average, Margin
from .distance import (
    Distance,
    block_rows,
    measured_in_place,
    picked,
    slices,
    slope,
    squared_distances,
)
from .frame import Sums, TripletBatch, triplet_loss
from .halves import Hardest, hardest_by_halves, rows_at_a_time
from .nearest import farthest_positive, nearest_negative, negatives_only
from .output import TripletOutput
from .soft_margin import softplus

_FEW = 2**18
"""Distances: up to so many, all pairs of all anchors are looked at together."""


def batch_hard_triplet_loss(
    embedding: Tensor,
    identity: Tensor,
    *,
    margin: Margin = 0.2,
    distance: Distance = "squared",
    average: Average = "valid",
) -> TripletOutput:
    """Each anchor with its farthest positive and its nearest negative (Hermans et al. 2017, eq. 5).

    The paper averages over all anchors (`average="valid"`); its soft margin (`margin="soft"`) replaces the
    hinge by `log(1 + exp(d_ap - d_an))`. Among equally far positives, and equally near negatives, the lowest
    index is taken. `active` is the share of the mined triplets with `d_ap - d_an + margin > 0` (all, with a
    soft margin), the distances are means over the mined triplets. O(B^2 D) time.

    Args:
        embedding: [B, D] floating point.
        identity: [B] integers.
        margin: at least 0, in units of `distance`, or "soft".
        distance: "squared" Euclidean, or "plain", whose gradient at distance 0 is 0.
        average: over all "valid" triplets, or over the "active" ones only.

    Raises:
        ValueError: an argument is of the wrong shape, type or value.
    """
    return triplet_loss(embedding, identity, margin, distance, average, _batch_hard)


def semi_hard_triplet_loss(
    embedding: Tensor,
    identity: Tensor,
    *,
    margin: Margin = 0.2,
    distance: Distance = "squared",
    average: Average = "valid",
) -> TripletOutput:
    """Each anchor-positive pair with the nearest negative beyond the positive (Schroff et al. 2015, eq. 4).

    That negative may lie beyond the margin: the triplet then counts, with loss 0. A pair all of whose
    negatives are at most as far as the positive makes no triplet. Equals, `active`, the distances and the
    arguments are as in `batch_hard_triplet_loss`. O(B^2 (D + K)) time with K positives to an anchor.
    """
    return triplet_loss(embedding, identity, margin, distance, average, _semi_hard)


def _batch_hard(batch: TripletBatch) -> Sums:
    sums = _Triplets(batch)
    if not len(batch.anchors.anchor):
        return sums.sums()
    positive, negative, found = _hardest(batch)
    step = block_rows(len(batch.points.embedding), batch.points.embedding.device)
    for part in slices(len(positive), step):
        kept = None if found is None else found[part]
        sums.add(batch.anchors.anchor[part], positive[part], negative[part], kept)
    return sums.sums()


def _hardest(batch: TripletBatch) -> Hardest:
    points, anchors, distance = batch.points, batch.anchors, batch.distance
    if len(anchors.anchor) > 2 * rows_at_a_time(len(points.embedding), anchors.anchor.device):
        return hardest_by_halves(points, anchors, distance)
    squared = squared_distances(points, anchors.anchor)  # so few that two blocks would leave too little out
    positive = farthest_positive(points, anchors, squared.gather(1, anchors.positive), distance)
    return Hardest(
        positive, *nearest_negative(points, anchors.anchor, negatives_only(squared, anchors), distance)
    )


def _semi_hard(batch: TripletBatch) -> Sums:
    sums = _Triplets(batch)
    for part in batch.blocks():
        squared = negatives_only(squared_distances(batch.points, part.anchor), part)
        for pairs in _pairs(part, squared, batch.positives(part)):
            negative, found = nearest_negative(
                batch.points, pairs.anchor, pairs.squared, batch.distance, pairs.beyond
            )
            kept = pairs.valid
            if found is not None:
                kept = found if kept is None else found & kept
            sums.add(pairs.anchor, pairs.positive, negative, kept)
    return sums.sums()


class _Pairs(NamedTuple):
    """Pairs of an anchor and a positive, [R] each: their squared distance is `beyond`; `valid` is None for all.

    `squared` [R, B] are those of the anchors to all.
    """

    anchor: Tensor
    positive: Tensor
    beyond: Tensor
    squared: Tensor
    valid: Tensor | None


def _pairs(part: Anchors, squared: Tensor, positives: Tensor) -> Iterator[_Pairs]:
    """All pairs of some anchors: at once where there are few, else slot by slot."""
    slots = part.positive.shape[1]
    if slots * squared.numel() <= _FEW:
        anchor, rows = part.anchor.repeat_interleave(slots), squared.repeat_interleave(slots, 0)
        valid = part.valid.reshape(-1) if part.padded else None
        yield _Pairs(anchor, part.positive.reshape(-1), positives.reshape(-1), rows, valid)
        return
    for slot in range(slots):
        valid = part.valid[:, slot] if part.padded else None
        positive, beyond = part.positive[:, slot].contiguous(), positives[:, slot].contiguous()
        yield _Pairs(part.anchor, positive, beyond, squared, valid)


@lru_cache(maxsize=8)
def _signs(dtype: torch.dtype, device: torch.device) -> Tensor:
    """Of the positives' gradient and the negatives', twice: [2, 1]."""
    return torch.tensor([[2.0], [-2.0]], dtype=dtype, device=device)


class _Triplets:
    """Running sums over listed triplets."""

    def __init__(self, batch: TripletBatch) -> None:
        embedding = batch.points.embedding
        self.batch = batch
        self.total = sum_dtype(embedding.device)
        self.loss: Tensor | float = 0.0
        self.distances: Tensor | None = None  # the sums of d_ap, d_an
        self.mined: Tensor | int = 0
        self.active: Tensor | int = 0
        self.gradient = torch.zeros_like(embedding) if batch.with_gradient else None

    def add(self, anchor: Tensor, positive: Tensor, negative: Tensor, kept: Tensor | None) -> None:
        """Triplets by index, [R] each, as far as `kept` [R]; None keeps all."""
        embedding, distance = self.batch.points.embedding, self.batch.distance
        other = torch.cat([positive, negative])
        own = picked(embedding, anchor)
        difference = (
            picked(embedding, other).view(2, *own.shape).sub_(own)
        )  # of the positives, of the negatives
        values = measured_in_place(difference.square().sum(2), distance)
        gap = values[0] - values[1]
        if kept is not None:
            gap.masked_fill_(~kept, -torch.inf)
        if self.batch.margin == "soft":
            loss, weight, active = softplus(gap), torch.sigmoid(gap), kept
        else:
            loss = gap.add_(self.batch.margin).clamp_(min=0)
            active = loss > 0
            weight = active.to(embedding.dtype)
        sums = values if kept is None else values * kept
        self._count(loss, sums, kept, active)
        if self.gradient is not None:
            pull = _signs(weight.dtype, weight.device) * weight
            if distance == "plain":
                pull.mul_(slope(values, distance))
            difference *= pull[:, :, None]
            self.gradient.index_add_(0, other, difference.view(len(other), -1))
            self.gradient.index_add_(0, anchor, torch.add(difference[0], difference[1], out=own), alpha=-1)

    def _count(self, loss: Tensor, values: Tensor, kept: Tensor | None, active: Tensor | None) -> None:
        summed = values.sum(1, dtype=self.total)
        self.loss = self.loss + loss.sum(dtype=self.total)
        self.distances = summed if self.distances is None else self.distances + summed
        self.mined = self.mined + (len(loss) if kept is None else kept.sum())
        self.active = self.active + (len(loss) if active is None else active.sum())

    def sums(self) -> Sums:
        """The result."""
        embedding = self.batch.points.embedding
        mined, active = (
            one if isinstance(one, Tensor) else embedding.new_full((), one, dtype=torch.int64)
            for one in (self.mined, self.active)
        )
        if self.distances is None:
            nothing = embedding.new_zeros((), dtype=self.total)
            return Sums(nothing, self.gradient, mined, mined, active, nothing / mined, nothing / mined)
        assert isinstance(self.loss, Tensor)
        positive, negative = (self.distances / mined).unbind()
        return Sums(self.loss, self.gradient, mined, mined, active, positive, negative)
