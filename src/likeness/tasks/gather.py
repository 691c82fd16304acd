"""Where the ranks of a run on several devices meet: over a global batch, and over what one of them measures for all."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.autograd.function import once_differentiable

from likeness.errors import LikenessError

Share = TypeVar("Share")
Found = TypeVar("Found")


def gather_batch(embedding: Tensor, identity: Tensor) -> tuple[Tensor, Tensor]:
    """All ranks' embeddings `[W*B, D]` and identities `[W*B]` in the ranks' order; the same without a process group.

    Only this rank's rows carry a gradient. Every rank computes the loss of the whole batch from the same numbers, so
    the gradient by its own rows is complete, and that by parameters of the loss or of a head is the same on every rank.
    DistributedDataParallel then averages the parameters' gradients over W ranks. That is right for those of the loss;
    for the embedder, whose gradient is the sum over the ranks' rows, the gradient of this rank's rows is made W times
    as large.
    """
    if not _has_ranks():
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


def measured_once(measure: Callable[[Sequence[Share]], Found], share: Share) -> Found:
    """What rank 0 measures of all ranks' shares, in the ranks' order, on every rank; `measure` runs there alone.

    What `share` and the result hold is pickled on its way from rank to rank, so it belongs on the CPU.

    Raises:
        Exception: what `measure` raises, on rank 0; all other ranks end with it.
        LikenessError: the same in one sentence, on the other ranks.
    """
    if not _has_ranks():
        return measure([share])
    first = dist.get_rank() == 0
    shares: list[Any] | None = [None] * dist.get_world_size() if first else None
    dist.gather_object(share, shares, dst=0)
    answer: list[Any] = [None, None]  # the result, or what is to be said of an error
    failure: Exception | None = None
    if shares is not None:
        try:
            answer[0] = measure(shares)
        except Exception as error:  # the other ranks wait for an answer, whatever happened
            failure = error
            answer[1] = str(error) if isinstance(error, LikenessError) else _said(error)
    dist.broadcast_object_list(answer, src=0)
    if failure is not None:
        raise failure
    if answer[1] is not None:
        raise LikenessError(answer[1])
    found: Found = answer[0]
    return found


def share_buffers(module: nn.Module) -> None:
    """Give every rank the buffers of rank 0, such as the running statistics of batch normalization.

    What DistributedDataParallel is told to leave alone stays each rank's own.

    DistributedDataParallel does so before a forward pass only where the pass before it shared its gradients, which in
    the midst of an accumulation it did not.
    """
    if _has_ranks():
        own = set(getattr(module, "_ddp_params_and_buffers_to_ignore", ()))
        for name, buffer in module.named_buffers():
            if name not in own:
                dist.broadcast(buffer, src=0)


def _said(error: Exception) -> str:
    name = type(error).__name__
    return f"Rank 0 can't measure for all ranks ({name}: {error}); its traceback is above."


def _has_ranks() -> bool:
    """Whether this process is one rank of several."""
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1
