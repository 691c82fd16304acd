"""What a triplet loss returns, and how a loss with a known gradient joins the graph."""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


class TripletOutput(NamedTuple):
    """A triplet loss and what tells a healthy one from a collapsed one; all 0-d, all but `loss` detached.

    `loss` is differentiable, and 0 with a zero gradient when the batch has no triplet. `active` is the share
    of triplets that push (see each loss), 0 if there are none; `triplets` (int64) their number.
    `positive_distance` and `negative_distance` are means in the loss's own distance: over the mined triplets
    where each anchor or pair mines one, over all pairs of all anchors otherwise; NaN if there are none.
    `embedding_norm` is the mean Euclidean norm.
    """

    loss: Tensor
    active: Tensor
    triplets: Tensor
    positive_distance: Tensor
    negative_distance: Tensor
    embedding_norm: Tensor


class _WithGradient(torch.autograd.Function):
    """A loss whose gradient was worked out with it: one [B, D] tensor is all that waits for backward."""

    @staticmethod
    def forward(ctx: Any, embedding: Tensor, loss: Tensor, gradient: Tensor, scale: Tensor) -> Tensor:
        ctx.save_for_backward(gradient, scale)
        return loss.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None, None]:
        gradient, scale = ctx.saved_tensors
        return (upstream * scale) * gradient, None, None, None


def with_gradient(embedding: Tensor, loss: Tensor, gradient: Tensor, scale: Tensor) -> Tensor:
    """`loss` 0-d, differentiable by `embedding` [B, D] with the derivative `scale` 0-d times `gradient` [B, D]."""
    result: Tensor = _WithGradient.apply(embedding, loss, gradient, scale)
    return result
