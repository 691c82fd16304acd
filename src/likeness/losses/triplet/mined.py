"""Triplet losses that mine one negative for each anchor, or for each anchor-positive pair."""

import torch
from torch import Tensor

from ..precision import sum_dtype
from .arguments import Average, Margin
from .distance import Distance, measured, picked, slope, squared_distances
from .frame import Sums, TripletBatch, triplet_loss
from .halves import Hardest, hardest_by_halves, rows_at_a_time
from .nearest import farthest_positive, nearest_negative, negatives_only
from .output import TripletOutput
from .soft_margin import softplus


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
    hardest, at = _hardest(batch), 0
    for part in batch.blocks():
        of_part = slice(at, at + len(part.anchor))
        sums.add(part.anchor, *(each[of_part] for each in hardest))
        at = of_part.stop
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
        for beyond, positive, valid in zip(
            batch.positives(part).T, part.positive.T, part.valid.T, strict=True
        ):
            negative, found = nearest_negative(
                batch.points, part.anchor, squared, batch.distance, beyond.contiguous()
            )
            sums.add(part.anchor, positive, negative, found & valid)
    return sums.sums()


class _Triplets:
    """Running sums over listed triplets."""

    def __init__(self, batch: TripletBatch) -> None:
        embedding = batch.points.embedding
        self.batch = batch
        self.total = sum_dtype(embedding.device)
        self.values = embedding.new_zeros(3, dtype=self.total)  # of loss, d_ap, d_an
        self.counts = embedding.new_zeros(2, dtype=torch.int64)  # of mined and active triplets
        self.gradient = torch.zeros_like(embedding) if batch.with_gradient else None

    def add(self, anchor: Tensor, positive: Tensor, negative: Tensor, kept: Tensor) -> None:
        """Triplets by index, [R] each, as far as `kept` [R]."""
        embedding, distance = self.batch.points.embedding, self.batch.distance
        other = torch.cat([positive, negative])
        own = picked(embedding, anchor)
        difference = (
            picked(embedding, other).view(2, *own.shape).sub_(own)
        )  # of the positives, of the negatives
        d_ap, d_an = values = measured(difference.square().sum(2), distance)
        gap = (d_ap - d_an).masked_fill_(~kept, -torch.inf)
        if self.batch.margin == "soft":
            loss, weight, active = softplus(gap), torch.sigmoid(gap), kept
        else:
            loss = (gap + self.batch.margin).clamp_(min=0)
            active = loss > 0
            weight = active.to(embedding.dtype)
        self.values += (torch.cat([loss[None], values]) * kept).sum(1, dtype=self.total)
        self.counts += torch.stack([kept, active]).sum(1)
        if self.gradient is not None:
            pull = slope(values, distance).mul_(2 * weight)
            pull[1].neg_()
            difference *= pull[:, :, None]
            self.gradient.index_add_(0, other, difference.view(len(other), -1))
            self.gradient.index_add_(0, anchor, torch.add(difference[0], difference[1], out=own), alpha=-1)

    def sums(self) -> Sums:
        """The result."""
        (loss, positive, negative), (mined, active) = self.values, self.counts
        return Sums(loss, self.gradient, mined, mined, active, positive / mined, negative / mined)
