"""The global batch: every rank's embeddings, so that pairs and triplets are mined over all devices."""

from typing import Any

import torch
from torch import Tensor
from torch import distributed as dist
from torch.autograd.function import once_differentiable


def gather_batch(embedding: Tensor, identity: Tensor) -> tuple[Tensor, Tensor]:
    """All ranks' embeddings `[W*B, D]` and identities `[W*B]` in the ranks' order; the same without a process group.

    Only this rank's rows carry a gradient. Every rank computes the loss of the whole batch from the same numbers, so
    the gradient by its own rows is complete, and that by parameters of the loss or of a head is the same on every rank.
    DistributedDataParallel then averages the parameters' gradients over W ranks. That is right for those of the loss;
    for the embedder, whose gradient is the sum over the ranks' rows, the gradient of this rank's rows is made W times
    as large.
    """
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return embedding, identity
    world = dist.get_world_size()
    embeddings = [torch.empty_like(embedding) for _ in range(world)]
    identities = [torch.empty_like(identity) for _ in range(world)]
    dist.all_gather(embeddings, embedding.detach().contiguous())
    dist.all_gather(identities, identity)
    embeddings[dist.get_rank()] = _ScaledGradient.apply(embedding, world)
    return torch.cat(embeddings), torch.cat(identities)


class _ScaledGradient(torch.autograd.Function):
    """The same values, with a gradient that is `factor` times as large."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, factor: int) -> Tensor:
        ctx.factor = factor
        return values.view_as(values)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None]:
        return ctx.factor * upstream, None
