"""Losses over all pairs of a batch, of which those of two identities outnumber those of one."""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from .precision import full_precision, in_working_precision


class CrossEntropyOutput(NamedTuple):
    """A loss on log odds; all 0-d, all but `loss` detached.

    `accuracy` is the mean of the shares of the two kinds that are right at probability 1/2; `positives` the share of
    the pairs that are of one identity; the mean probabilities are over all pairs of one and of two identities,
    whichever of them entered the loss.
    """

    loss: Tensor
    accuracy: Tensor
    positives: Tensor
    positive_probability: Tensor
    negative_probability: Tensor


class ContrastiveOutput(NamedTuple):
    """A contrastive loss; all 0-d, all but `loss` detached.

    `active` is the share of the pairs of two identities that are nearer than the margin; the mean distances are over
    all pairs of one and of two identities; `embedding_norm` is the mean Euclidean norm.
    """

    loss: Tensor
    active: Tensor
    positive_distance: Tensor
    negative_distance: Tensor
    embedding_norm: Tensor


def pair_cross_entropy(log_odds: Tensor, identity: Tensor, *, hardest: float = 1.0) -> CrossEntropyOutput:
    """Binary cross-entropy of the log odds `[B, B]` that images of `identity [B]` are of one identity.

    Each pair counts once. The mean over the pairs of one identity and the mean over those of two weigh one half each,
    so that neither kind drowns the other: the probability is that of a pair which is as likely of one identity as of
    two. With `hardest` below 1 only that share of the negatives, those taken for one identity most, enters.
    """
    same, different = _kinds(identity)
    positive, negative = (in_working_precision(log_odds[kind]) for kind in (same, different))
    loss = _balanced(functional.softplus(-positive), functional.softplus(_largest(negative, hardest)))
    return CrossEntropyOutput(
        loss,
        _balanced((positive > 0).float(), (negative < 0).float()),
        same.float().mean() / (same | different).float().mean(),
        positive.detach().sigmoid().mean(),
        negative.detach().sigmoid().mean(),
    )


def contrastive_loss(
    embedding: Tensor, identity: Tensor, *, margin: float = 1.0, hardest: float = 1.0
) -> ContrastiveOutput:
    """`||f - g||^2` of pairs of one identity, `max(margin - ||f - g||, 0)^2` of two (Hadsell et al. 2006).

    Takes `embedding [B, D]` and `identity [B]`; the means over the two kinds weigh one half each. With `hardest` below
    1 only that share of the negatives, the nearest, enters.
    """
    same, different = _kinds(identity)
    rows = in_working_precision(embedding)
    with full_precision(rows.device):
        distance = torch.cdist(rows, rows, compute_mode="donot_use_mm_for_euclid_dist")  # no gradient at 0
    positive, negative = distance[same], distance[different]
    short = functional.relu(margin - negative)
    return ContrastiveOutput(
        _balanced(positive.square(), _largest(short, hardest).square()),
        (short.detach() > 0).float().mean(),
        positive.detach().mean(),
        negative.detach().mean(),
        rows.detach().norm(dim=1).mean(),
    )


class PairCrossEntropy(nn.Module):
    """See `pair_cross_entropy`."""

    def __init__(self, hardest: float = 1.0) -> None:
        super().__init__()
        self.hardest = hardest

    def forward(self, log_odds: Tensor, identity: Tensor) -> CrossEntropyOutput:
        """`log_odds` [B, B], `identity` [B] integers."""
        return pair_cross_entropy(log_odds, identity, hardest=self.hardest)


class ContrastiveLoss(nn.Module):
    """See `contrastive_loss`."""

    def __init__(self, margin: float = 1.0, hardest: float = 1.0) -> None:
        super().__init__()
        self.margin, self.hardest = margin, hardest

    def forward(self, embedding: Tensor, identity: Tensor) -> ContrastiveOutput:
        """`embedding` [B, D], `identity` [B] integers."""
        return contrastive_loss(embedding, identity, margin=self.margin, hardest=self.hardest)


def _kinds(identity: Tensor) -> tuple[Tensor, Tensor]:
    """Which of `[B, B]` are pairs of one identity and of two, each pair once."""
    once = torch.ones(len(identity), len(identity), dtype=torch.bool, device=identity.device).triu(1)
    equal = identity[:, None] == identity
    return once & equal, once & ~equal


def _largest(values: Tensor, share: float) -> Tensor:
    """The largest `share` of `values [M]`, at least one of them."""
    return values if share == 1 else values.topk(min(len(values), math.ceil(share * len(values)))).values


def _balanced(positive: Tensor, negative: Tensor) -> Tensor:
    """The mean of the means of two kinds; a kind of which there is no pair counts 0."""
    means = [kind.mean() if len(kind) else kind.sum() for kind in (positive, negative)]
    return (means[0] + means[1]) / 2
