"""Triplet losses over all triplets of a batch, or all semi-hard ones, without listing them."""

import torch
from torch import Tensor

from ..precision import sum_dtype
from .anchors import Anchors
from .arguments import Average, Margin, check_numeric
from .distance import Distance, add_block_gradient, add_pair_gradient, measured, pair_squared_distances, slope
from .frame import Sums, TripletBatch, triplet_loss
from .output import TripletOutput
from .soft_margin import softplus
from .violations import count_violations


def batch_all_triplet_loss(
    embedding: Tensor,
    identity: Tensor,
    *,
    margin: Margin = 0.2,
    distance: Distance = "squared",
    average: Average = "active",
) -> TripletOutput:
    """Every triplet of the batch (Hermans et al. 2017, eq. 6), averaged over those with a loss above 0 ("BA
    != 0").

    `triplets` counts all of them, `active` is the share with `d_ap - d_an + margin > 0`, and the distances
    are means over all pairs of all anchors. Exact, without listing triplets: O(B^2 (D + log K)) time with K
    positives to an anchor; a soft margin has no cut-off to search for and takes O(B^2 (D + K)), and all its
    triplets are active. The arguments are those of `batch_hard_triplet_loss`.
    """
    return triplet_loss(embedding, identity, margin, distance, average, _batch_all)


def all_semi_hard_triplet_loss(
    embedding: Tensor,
    identity: Tensor,
    *,
    margin: float = 0.2,
    distance: Distance = "squared",
    average: Average = "active",
) -> TripletOutput:
    """Every triplet with `d_ap < d_an < d_ap + margin` (Schroff et al. 2015, section 3.2).

    All of these push, so the two averages are one. `triplets` counts them, `active` is their share of all
    triplets, and the distances are means over all pairs of all anchors. Exact, without listing triplets:
    O(B^2 (D + log K)). The arguments are those of `batch_hard_triplet_loss`, but a soft margin would leave
    the upper end open.
    """
    check_numeric(margin)
    return triplet_loss(embedding, identity, margin, distance, average, _all_semi_hard)


def _all_semi_hard(batch: TripletBatch) -> Sums:
    return _hinges(batch, semi_hard=True)


def _batch_all(batch: TripletBatch) -> Sums:
    return _softpluses(batch) if batch.margin == "soft" else _hinges(batch, semi_hard=False)


class _Pairs:
    """Running sums over all pairs, and over the triplets' weights on them, block by block."""

    def __init__(self, batch: TripletBatch) -> None:
        embedding = batch.points.embedding
        self.batch = batch
        self.total = sum_dtype(embedding.device)
        self.loss, self.positive, self.negative = embedding.new_zeros(3, dtype=self.total)
        self.gradient = torch.zeros_like(embedding) if batch.with_gradient else None

    def add_distances(self, part: Anchors, own: Tensor, other: Tensor) -> None:
        """Measured distances of the positives [R, K] and of all [R, B]; overwrites those of `part` to its
        own.
        """
        self.positive += own.sum(dtype=self.total)
        same = torch.cat([part.anchor[:, None], part.positive], 1)
        self.negative += other.scatter_(1, same, 0).sum(dtype=self.total)

    def add_gradient(
        self, part: Anchors, pull: Tensor, push: Tensor, direct: tuple[Tensor, Tensor] | None = None
    ) -> None:
        """Weights on squared distances of the positives [R, K] and, with their sign, of all [R, B].

        `direct`: rows and columns of pairs to be taken out of `push` and handled by subtraction.
        """
        if self.gradient is None:
            return
        embedding = self.batch.points.embedding
        row, slot = part.valid.nonzero(as_tuple=True)
        add_pair_gradient(
            self.gradient, embedding, part.anchor[row], part.positive[row, slot], pull[row, slot]
        )
        if direct is not None:
            row, column = direct
            add_pair_gradient(self.gradient, embedding, part.anchor[row], column, push[row, column])
            push[row, column] = 0
        add_block_gradient(self.gradient, self.batch.points, part.anchor, push)

    def sums(self, valid: Tensor, mined: Tensor, active: Tensor) -> Sums:
        """The result, with the counts of triplets."""
        anchors = self.batch.anchors
        positive = self.positive / anchors.valid.sum()
        negative = self.negative / anchors.negatives.sum()
        return Sums(self.loss, self.gradient, valid, mined, active, positive, negative)


def _hinges(batch: TripletBatch, semi_hard: bool) -> Sums:
    assert batch.margin != "soft"
    pairs = _Pairs(batch)
    valid = batch.count_of_triplets()
    active = torch.zeros_like(valid)
    for part in batch.blocks():
        squared, positive = batch.negatives(part), batch.positives(part)
        counts = count_violations(
            batch.points, part, squared, positive, batch.margin, batch.distance, semi_hard
        )
        own, other = measured(positive, batch.distance), measured(squared, batch.distance)
        active += counts.per_positive.sum()
        # The sum over triplets of d_ap + margin - d_an, by the distance that occurs in them.
        pairs.loss += (counts.per_positive * (own.to(pairs.total) + batch.margin)).sum()
        pairs.loss -= (counts.per_negative * other).sum(dtype=pairs.total)
        pull = counts.per_positive * slope(own, batch.distance)
        push = -counts.per_negative * slope(other, batch.distance)
        pairs.add_distances(part, own, other)
        pairs.add_gradient(part, pull, push, (counts.row, counts.column))
    return pairs.sums(valid, active if semi_hard else valid, active)


def _softpluses(batch: TripletBatch) -> Sums:
    pairs = _Pairs(batch)
    valid = batch.count_of_triplets()
    for part in batch.blocks():
        squared, positive = batch.negatives(part), batch.positives(part)
        direct: tuple[Tensor, Tensor] | None = None
        if batch.distance == "plain":
            row, column = (squared < batch.points.near).nonzero(as_tuple=True)
            direct = row, column
            squared[row, column] = pair_squared_distances(batch.points.embedding, part.anchor[row], column)
        own, other = measured(positive, batch.distance), measured(squared, batch.distance)
        pull, push = torch.zeros_like(own), torch.zeros_like(other)
        for slot in range(own.shape[1]):
            valid_slot = part.valid[:, slot, None]
            gap = torch.where(valid_slot, own[:, slot, None] - other, -torch.inf)
            pairs.loss += softplus(gap).sum(dtype=pairs.total)
            weight = torch.sigmoid(gap)
            pull[:, slot] = weight.sum(1)
            push -= weight
        pull, push = pull * slope(own, batch.distance), push * slope(other, batch.distance)
        pairs.add_distances(part, own, other)
        pairs.add_gradient(part, pull, push, direct)
    return pairs.sums(valid, valid, valid)
