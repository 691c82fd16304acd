"""A batch to find triplets in, and the frame that all triplet losses share.

Whatever autocast or the matmul settings say, all is computed in float32 (in float64 if the embeddings are
float64). Memory is O(B D) plus blocks of a few rows of the [B, B] distances; nothing but one [B, D] gradient
waits for the backward pass, and there is no second derivative.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from ..precision import full_precision, in_working_precision
from .anchors import Anchors, find_anchors
from .arguments import Average, Margin, check_arguments, check_batch
from .distance import Distance, Points, block_rows, pair_squared_distances, points, squared_distances
from .nearest import negatives_only
from .output import TripletOutput, with_gradient


class Sums(NamedTuple):
    """What a way of mining hands over: sums, not yet divided by a count of triplets."""

    loss: Tensor
    gradient: Tensor | None  # [B, D]
    valid: Tensor  # counts of triplets: all that there are
    mined: Tensor  # ... that were chosen
    active: Tensor  # ... and among those, that push
    positive_distance: Tensor
    negative_distance: Tensor


class TripletBatch(NamedTuple):
    """A batch and the arguments of the loss."""

    points: Points
    anchors: Anchors
    margin: Margin
    distance: Distance
    with_gradient: bool

    def blocks(self) -> list[Anchors]:
        """The anchors, cut so that a block of their distances is small."""
        step = block_rows(len(self.points.embedding), self.points.embedding.device)
        return [self.anchors.part(at, at + step) for at in range(0, len(self.anchors.anchor), step)]

    def positives(self, anchors: Anchors) -> Tensor:
        """Squared distances [R, K] of `anchors`' positives, exact; 0 where padded."""
        if not anchors.padded:
            own = anchors.anchor.repeat_interleave(anchors.positive.shape[1])
            flat = pair_squared_distances(self.points.embedding, own, anchors.positive.reshape(-1))
            return flat.view_as(anchors.positive)
        row, slot = anchors.valid.nonzero(as_tuple=True)
        squared = torch.zeros_like(anchors.positive, dtype=self.points.embedding.dtype)
        squared[row, slot] = pair_squared_distances(
            self.points.embedding, anchors.anchor[row], anchors.positive[row, slot]
        )
        return squared

    def negatives(self, anchors: Anchors) -> Tensor:
        """Squared distances [R, B] of `anchors` to all, within tolerance, as `negatives_only` leaves it."""
        return negatives_only(squared_distances(self.points, anchors.anchor), anchors)

    def count_of_triplets(self) -> Tensor:
        """The number of all triplets, 0-d int64."""
        return (self.anchors.valid.sum(1) * self.anchors.negatives).sum()


@torch.compiler.disable  # type: ignore[untyped-decorator,unused-ignore]
def triplet_loss(
    embedding: Tensor,
    identity: Tensor,
    margin: Margin,
    distance: Distance,
    average: Average,
    sums_of: Callable[[TripletBatch], Sums],
) -> TripletOutput:
    """The loss of a batch, given a way of mining; arguments and errors as in `batch_hard_triplet_loss`."""
    check_arguments(margin, distance, average)
    check_batch(embedding, identity)
    embedding = in_working_precision(embedding)
    needed = embedding.requires_grad and torch.is_grad_enabled()
    with torch.no_grad(), full_precision(embedding.device):
        detached = embedding.detach()
        norm = detached.norm(dim=1).mean()
        poison = 0 * norm  # NaN if any embedding is NaN or infinite: no comparison may hide that
        sums = sums_of(TripletBatch(points(detached), find_anchors(identity), margin, distance, needed))
        counted = (sums.mined if average == "valid" else sums.active).clamp(min=1)
        scale = (1 + poison) / counted
        loss = (sums.loss * scale).to(embedding.dtype)
    if sums.gradient is not None:
        loss = with_gradient(embedding, loss, sums.gradient, scale)
    return TripletOutput(
        loss,
        sums.active / sums.valid.clamp(min=1),
        sums.mined,
        sums.positive_distance.to(embedding.dtype),
        sums.negative_distance.to(embedding.dtype),
        norm,
    )
