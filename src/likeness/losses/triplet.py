"""The triplet loss `max(d(a, p) - d(a, n) + margin, 0)` with four choices of triplets.

Each function takes `embedding` [B, D] and `identity` [B] and mines within that batch; anchors without a positive or
without a negative take no part. Whatever autocast or the matmul settings say, all is computed in float32 (in float64
if `embedding` is float64). Memory is O(B D) plus blocks of a few rows of the [B, B] distances; nothing but one
[B, D] gradient waits for the backward pass, and there is no second derivative.
"""

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from .anchors import Anchors, find_anchors
from .distance import (
    Distance,
    Points,
    add_block_gradient,
    add_pair_gradient,
    block_rows,
    measured,
    pair_squared_distances,
    points,
    slope,
    squared_distances,
)
from .nearest import nearest_negative, negatives_only
from .output import TripletOutput, with_gradient
from .precision import full_precision, in_working_precision, sum_dtype
from .violations import count_violations

Margin = float | Literal["soft"]
Average = Literal["valid", "active"]


class _Sums(NamedTuple):
    """What a way of mining hands over: sums, not yet divided by a count of triplets."""

    loss: Tensor
    gradient: Tensor | None  # [B, D]
    valid: Tensor  # counts of triplets: all that there are
    mined: Tensor  # ... that were chosen
    active: Tensor  # ... and among those, that push
    positive_distance: Tensor
    negative_distance: Tensor


class _Problem(NamedTuple):
    """A batch and the words of the loss."""

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
        row, slot = anchors.valid.nonzero(as_tuple=True)
        squared = torch.zeros_like(anchors.positive, dtype=self.points.embedding.dtype)
        squared[row, slot] = pair_squared_distances(
            self.points.embedding, anchors.anchor[row], anchors.positive[row, slot]
        )
        return squared

    def negatives(self, anchors: Anchors) -> Tensor:
        """Squared distances [R, B] of `anchors` to all, within the tolerance; the largest number for their own."""
        return negatives_only(squared_distances(self.points, anchors.anchor), anchors)

    def count_of_triplets(self) -> Tensor:
        """The number of all triplets, 0-d int64."""
        return (self.anchors.valid.sum(1) * self.anchors.negatives).sum()


def batch_hard_triplet_loss(
    embedding: Tensor,
    identity: Tensor,
    *,
    margin: Margin = 0.2,
    distance: Distance = "squared",
    average: Average = "valid",
) -> TripletOutput:
    """Each anchor with its farthest positive and its nearest negative (Hermans et al. 2017, eq. 5).

    The paper averages over all anchors (`average="valid"`); its soft margin (`margin="soft"`) replaces the hinge by
    `log(1 + exp(d_ap - d_an))`. Among equally far positives, and equally near negatives, the lowest index is taken.
    `active` is the share of the mined triplets with `d_ap - d_an + margin > 0` (all, with a soft margin), the
    distances are means over the mined triplets. O(B^2 D) time.

    Args:
        embedding: [B, D] floating point.
        identity: [B] integers.
        margin: at least 0, in units of `distance`, or "soft".
        distance: "squared" Euclidean, or "plain", whose gradient at distance 0 is 0.
        average: over all "valid" triplets, or over the "active" ones only.

    Raises:
        ValueError: an argument is of the wrong shape, type or value.
    """
    return _triplet_loss(embedding, identity, margin, distance, average, _batch_hard)


def semi_hard_triplet_loss(
    embedding: Tensor,
    identity: Tensor,
    *,
    margin: Margin = 0.2,
    distance: Distance = "squared",
    average: Average = "valid",
) -> TripletOutput:
    """Each anchor-positive pair with the nearest negative farther than the positive (Schroff et al. 2015, eq. 4).

    That negative may lie beyond the margin: the triplet then counts, with loss 0. A pair all of whose negatives are
    at most as far as the positive makes no triplet. Equals, `active`, the distances and the arguments are as in
    `batch_hard_triplet_loss`. O(B^2 (D + K)) time with K positives to an anchor.
    """
    return _triplet_loss(embedding, identity, margin, distance, average, _semi_hard)


def all_semi_hard_triplet_loss(
    embedding: Tensor,
    identity: Tensor,
    *,
    margin: float = 0.2,
    distance: Distance = "squared",
    average: Average = "active",
) -> TripletOutput:
    """Every triplet with `d_ap < d_an < d_ap + margin` (Schroff et al. 2015, section 3.2).

    All of these push, so the two averages are one. `triplets` counts them, `active` is their share of all triplets,
    and the distances are means over all pairs of all anchors. Exact, without listing triplets: O(B^2 (D + log K)).
    The arguments are those of `batch_hard_triplet_loss`, but a soft margin would leave the upper end open.
    """
    if margin == "soft":
        raise ValueError("all-semi-hard triplets need a numeric margin: 'soft' gives them no upper end")
    return _triplet_loss(embedding, identity, margin, distance, average, _all_semi_hard)


def batch_all_triplet_loss(
    embedding: Tensor,
    identity: Tensor,
    *,
    margin: Margin = 0.2,
    distance: Distance = "squared",
    average: Average = "active",
) -> TripletOutput:
    """Every triplet of the batch (Hermans et al. 2017, eq. 6), averaged over those with a loss above 0 ("BA != 0").

    `triplets` counts all of them, `active` is the share with `d_ap - d_an + margin > 0`, and the distances are means
    over all pairs of all anchors. Exact, without listing triplets: O(B^2 (D + log K)) time with K positives to an
    anchor; a soft margin has no cut-off to search for and takes O(B^2 (D + K)), and all its triplets are active.
    The arguments are those of `batch_hard_triplet_loss`.
    """
    return _triplet_loss(embedding, identity, margin, distance, average, _batch_all)


@torch.compiler.disable  # type: ignore[untyped-decorator,unused-ignore]
def _triplet_loss(
    embedding: Tensor,
    identity: Tensor,
    margin: Margin,
    distance: Distance,
    average: Average,
    sums_of: Callable[[_Problem], _Sums],
) -> TripletOutput:
    check_words(margin, distance, average)
    _check_batch(embedding, identity)
    embedding = in_working_precision(embedding)
    needed = embedding.requires_grad and torch.is_grad_enabled()
    with torch.no_grad(), full_precision(embedding.device):
        detached = embedding.detach()
        norm = detached.norm(dim=1).mean()
        poison = 0 * norm  # NaN if any embedding is NaN or infinite: no comparison may hide that
        sums = sums_of(_Problem(points(detached), find_anchors(identity), margin, distance, needed))
        counted = (sums.mined if average == "valid" else sums.active).clamp(min=1)
        loss = (sums.loss / counted).to(embedding.dtype) + poison
        gradient = None if sums.gradient is None else sums.gradient.div_(counted).add_(poison)
    if gradient is not None:
        loss = with_gradient(embedding, loss, gradient)
    return TripletOutput(
        loss,
        sums.active / sums.valid.clamp(min=1),
        sums.mined,
        sums.positive_distance.to(embedding.dtype),
        sums.negative_distance.to(embedding.dtype),
        norm,
    )


def _batch_hard(problem: _Problem) -> _Sums:
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


def _semi_hard(problem: _Problem) -> _Sums:
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


def _mined(problem: _Problem, found: list[list[Tensor]]) -> _Sums:
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
        loss = _softplus(d_ap - d_an)
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
    return _Sums(
        loss.sum(dtype=total), gradient, mined, mined, active, d_ap.mean(dtype=total), d_an.mean(dtype=total)
    )


def _all_semi_hard(problem: _Problem) -> _Sums:
    return _hinges(problem, semi_hard=True)


def _batch_all(problem: _Problem) -> _Sums:
    return _softpluses(problem) if problem.margin == "soft" else _hinges(problem, semi_hard=False)


class _Pairs:
    """Running sums over all pairs, and over the triplets' weights on them, block by block."""

    def __init__(self, problem: _Problem) -> None:
        embedding = problem.points.embedding
        self.problem = problem
        self.total = sum_dtype(embedding.device)
        self.loss, self.positive, self.negative = embedding.new_zeros(3, dtype=self.total)
        self.gradient = torch.zeros_like(embedding) if problem.with_gradient else None

    def add_distances(self, part: Anchors, own: Tensor, other: Tensor) -> None:
        """Measured distances of the positives [R, K] and of all [R, B]; overwrites those of `part` to its own."""
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
        embedding = self.problem.points.embedding
        row, slot = part.valid.nonzero(as_tuple=True)
        add_pair_gradient(
            self.gradient, embedding, part.anchor[row], part.positive[row, slot], pull[row, slot]
        )
        if direct is not None:
            row, column = direct
            add_pair_gradient(self.gradient, embedding, part.anchor[row], column, push[row, column])
            push[row, column] = 0
        add_block_gradient(self.gradient, self.problem.points, part.anchor, push)

    def sums(self, valid: Tensor, mined: Tensor, active: Tensor) -> _Sums:
        """The result, with the counts of triplets."""
        anchors = self.problem.anchors
        positive = self.positive / anchors.valid.sum()
        negative = self.negative / anchors.negatives.sum()
        return _Sums(self.loss, self.gradient, valid, mined, active, positive, negative)


def _hinges(problem: _Problem, semi_hard: bool) -> _Sums:
    assert problem.margin != "soft"
    pairs = _Pairs(problem)
    valid = problem.count_of_triplets()
    active = torch.zeros_like(valid)
    for part in problem.blocks():
        squared, positive = problem.negatives(part), problem.positives(part)
        counts = count_violations(
            problem.points, part, squared, positive, problem.margin, problem.distance, semi_hard
        )
        own, other = measured(positive, problem.distance), measured(squared, problem.distance)
        active += counts.per_positive.sum()
        # The sum over triplets of d_ap + margin - d_an, by the distance that occurs in them.
        pairs.loss += (counts.per_positive * (own.to(pairs.total) + problem.margin)).sum()
        pairs.loss -= (counts.per_negative * other).sum(dtype=pairs.total)
        pull = counts.per_positive * slope(own, problem.distance)
        push = -counts.per_negative * slope(other, problem.distance)
        pairs.add_distances(part, own, other)
        pairs.add_gradient(part, pull, push, (counts.row, counts.column))
    return pairs.sums(valid, active if semi_hard else valid, active)


def _softpluses(problem: _Problem) -> _Sums:
    pairs = _Pairs(problem)
    valid = problem.count_of_triplets()
    for part in problem.blocks():
        squared, positive = problem.negatives(part), problem.positives(part)
        direct = None
        if problem.distance == "plain":
            direct = row, column = (squared < problem.points.near).nonzero(as_tuple=True)
            squared[row, column] = pair_squared_distances(problem.points.embedding, part.anchor[row], column)
        own, other = measured(positive, problem.distance), measured(squared, problem.distance)
        pull, push = torch.zeros_like(own), torch.zeros_like(other)
        for slot in range(own.shape[1]):
            valid_slot = part.valid[:, slot, None]
            gap = torch.where(valid_slot, own[:, slot, None] - other, -torch.inf)
            pairs.loss += _softplus(gap).sum(dtype=pairs.total)
            weight = torch.sigmoid(gap)
            pull[:, slot] = weight.sum(1)
            push -= weight
        pull, push = pull * slope(own, problem.distance), push * slope(other, problem.distance)
        pairs.add_distances(part, own, other)
        pairs.add_gradient(part, pull, push, direct)
    return pairs.sums(valid, valid, valid)


def _softplus(gap: Tensor) -> Tensor:
    """log(1 + exp(gap)), without the cut-off of PyTorch's own, which is off by 2e-9."""
    return -functional.logsigmoid(-gap)


def check_words(margin: Margin, distance: Distance, average: Average) -> None:
    """Raises ValueError with one sentence if a word of a triplet loss has no meaning."""
    if margin != "soft" and not (isinstance(margin, (int, float)) and 0 <= margin < math.inf):
        raise ValueError(f"margin must be a finite number of at least 0 or 'soft', not {margin!r}")
    if distance not in ("squared", "plain"):
        raise ValueError(f"distance must be 'squared' or 'plain', not {distance!r}")
    if average not in ("valid", "active"):
        raise ValueError(f"average must be 'valid' or 'active', not {average!r}")


def _check_batch(embedding: Tensor, identity: Tensor) -> None:
    if embedding.ndim != 2 or not len(embedding) or not embedding.is_floating_point():
        raise ValueError(
            f"embedding must be a floating-point tensor [B, D] with B >= 1, not {embedding.dtype} {list(embedding.shape)}"
        )
    if identity.shape != embedding.shape[:1] or identity.is_floating_point() or identity.dtype == torch.bool:
        raise ValueError(
            f"identity must be integers [{len(embedding)}], one for each embedding, "
            f"not {identity.dtype} {list(identity.shape)}"
        )
    if identity.device != embedding.device:
        raise ValueError(f"identity is on {identity.device} but embedding on {embedding.device}")
