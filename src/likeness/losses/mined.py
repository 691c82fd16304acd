"""Triplet losses that mine one negative for each anchor, or for each anchor-positive pair."""

import torch
from torch import Tensor

from .distance import Distance, add_pair_gradient, measured, slope
from .nearest import nearest_negative
from .output import TripletOutput
from .precision import sum_dtype
from .problem import Problem, Sums, triplet_loss
from .softplus import softplus
from .words import Average, Margin


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


def _batch_hard(problem: Problem) -> Sums:
    found = []
    for part in problem.blocks():
        far = measured(problem.positives(part), problem.distance).masked_fill_(~part.valid, -1)
        farthest = far.amax(1)
        tied = far == farthest[:, None]
        positive = part.positive.masked_fill(~tied, len(problem.points.embedding)).amin(1)
        nearest = nearest_negative(problem.points, part.anchor, problem.negatives(part), problem.distance)
        keep = nearest.found
        found.append(
            [part.anchor[keep], positive[keep], nearest.negative[keep], farthest[keep], nearest.value[keep]]
        )
    return _mined(problem, found)


def _semi_hard(problem: Problem) -> Sums:
    found = []
    for part in problem.blocks():
        negatives = problem.negatives(part)
        positives = problem.positives(part)
        for slot in range(positives.shape[1]):
            valid = part.valid[:, slot]
            nearest = nearest_negative(
                problem.points, part.anchor, negatives, problem.distance, positives[:, slot].contiguous()
            )
            keep = nearest.found & valid
            own = measured(positives[keep, slot], problem.distance)
            found.append(
                [
                    part.anchor[keep],
                    part.positive[keep, slot],
                    nearest.negative[keep],
                    own,
                    nearest.value[keep],
                ]
            )
    return _mined(problem, found)


def _mined(problem: Problem, found: list[list[Tensor]]) -> Sums:
    """Sums over listed triplets: columns anchor, positive, negative, d_ap, d_an."""
    embedding = problem.points.embedding
    total = sum_dtype(embedding.device)
    if found:
        anchor, positive, negative, d_ap, d_an = (torch.cat(column) for column in zip(*found, strict=True))
    else:
        anchor = positive = negative = problem.anchors.anchor
        d_ap = d_an = embedding.new_zeros(0)
    mined = torch.tensor(len(anchor), device=embedding.device)
    if problem.margin == "soft":
        loss = softplus(d_ap - d_an)
        weight = torch.sigmoid(d_ap - d_an)
        active = mined
    else:
        loss = (d_ap - d_an + problem.margin).clamp(min=0)
        weight = (loss > 0).to(embedding.dtype)
        active = (loss > 0).sum()
    gradient = None
    if problem.with_gradient:
        gradient = torch.zeros_like(embedding)
        add_pair_gradient(gradient, embedding, anchor, positive, weight * slope(d_ap, problem.distance))
        add_pair_gradient(gradient, embedding, anchor, negative, -weight * slope(d_an, problem.distance))
    return Sums(
        loss.sum(dtype=total), gradient, mined, mined, active, d_ap.mean(dtype=total), d_an.mean(dtype=total)
    )
