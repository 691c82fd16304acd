"""Class centres that are split over the ranks of a run: each keeps a share, and checkpoints have the whole.

A checkpoint is that of one device, whatever number wrote it, so that it can be read on any.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.optim import Optimizer

from likeness.losses.margin_softmax import Centres


def split_over_ranks(task: nn.Module) -> None:
    """Have each rank keep its own share of the class centres below `task`, which data parallelism leaves alone."""
    if not _has_ranks():
        return
    own = []
    for prefix, centres in _centres_of(task):
        if not centres.shared:
            centres.keep_share(dist.get_rank(), dist.get_world_size())
        own += [f"{prefix}{name}" for name in centres.by_class]
    ignored = nn.parallel.DistributedDataParallel._set_params_and_buffers_to_ignore_for_model
    ignored(task, own)  # type: ignore[no-untyped-call]


def load_shares(optimizer: Optimizer, task: nn.Module) -> None:
    """From now on, have the optimizer load what it keeps of split centres from a state that has the whole."""

    def taken_apart(optimizer: Optimizer, state: dict[str, Any]) -> dict[str, Any]:
        moments = dict(state["state"])
        for place, centres in _places(optimizer, task):
            moments[place] = {
                name: value[centres.first : centres.last] if _by_class(value, centres.classes) else value
                for name, value in moments.get(place, {}).items()
            }
        return {**state, "state": moments}

    if any(centres.shared for _, centres in _centres_of(task)):
        optimizer.register_load_state_dict_pre_hook(taken_apart)


def whole_state(task: nn.Module, optimizer: Optimizer) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The states of a task and its optimizer with the centres of all ranks, on rank 0; all ranks are to ask for it.

    The other ranks get their own shares. What was split lies on the CPU.
    """
    weights, state = task.state_dict(), optimizer.state_dict()
    for prefix, centres in _centres_of(task):
        if centres.shared:
            for name in centres.by_class:
                weights[f"{prefix}{name}"] = _together(weights[f"{prefix}{name}"], centres)
    moments = dict(state["state"])
    for place, centres in _places(optimizer, task):
        if centres.shared and place in moments:
            share = centres.last - centres.first
            moments[place] = {
                name: _together(value, centres) if _by_class(value, share) else value
                for name, value in moments[place].items()
            }
    return weights, {**state, "state": moments}


def clip_with_shares(task: nn.Module, parameters: Sequence[nn.Parameter], largest: float) -> bool:
    """Clip the norm of a gradient to `largest` over all ranks' centres; whether there are any to see to.

    Each rank would know its own share of the norm, and clip what they have in common by another factor.
    """
    if not any(centres.shared for _, centres in _centres_of(task)):
        return False
    with_gradient = [each for each in parameters if each.grad is not None]
    nn.utils.clip_grads_with_norm_(with_gradient, largest, gradient_norm(task, with_gradient))
    return True


def gradient_norm(task: nn.Module, parameters: Iterable[nn.Parameter]) -> Tensor:
    """The Euclidean norm of the gradients of `parameters`, 0-d, over all ranks' centres; all ranks are to ask for it.

    Centres that are sampled at each step have no gradient to be counted: they are trained apart.
    """
    split = [centres.table for _, centres in _centres_of(task) if centres.shared]
    own: list[nn.Parameter] = []
    common: list[nn.Parameter] = []
    for each in parameters:
        (own if any(each is table for table in split) else common).append(each)
    if not split:
        return _norm(common)
    square = _norm(own).square()
    dist.all_reduce(square)
    return (_norm(common).square().to(square.device) + square).sqrt()


def _centres_of(task: nn.Module) -> list[tuple[str, Centres]]:
    """The class centres below a task, each with what its tensors' names begin with."""
    return [(f"{name}.", part) for name, part in task.named_modules() if isinstance(part, Centres)]


def _places(optimizer: Optimizer, task: nn.Module) -> Iterator[tuple[int, Centres]]:
    """The class centres that an optimizer trains, each with its number in the optimizer's state."""
    trained = [each for group in optimizer.param_groups for each in group["params"]]
    for _, centres in _centres_of(task):
        yield from ((place, centres) for place, each in enumerate(trained) if each is centres.table)


def _by_class(value: Any, rows: int) -> bool:
    return isinstance(value, Tensor) and value.ndim > 0 and len(value) == rows


def _together(share: Tensor, centres: Centres) -> Tensor:
    """The rows of all classes on rank 0, on the CPU; this rank's own on the others."""
    first, ranks = dist.get_rank() == 0, dist.get_world_size()
    shares = []
    for rank in range(ranks):
        start, stop = centres.share_of(rank, ranks)
        part = share if rank == dist.get_rank() else share.new_empty(stop - start, *share.shape[1:])
        part = part.detach().contiguous()
        dist.broadcast(part, src=rank)
        if first:
            shares.append(part.cpu())
    return torch.cat(shares) if first else share


def _norm(parameters: Sequence[nn.Parameter]) -> Tensor:
    return nn.utils.get_total_norm([each.grad for each in parameters if each.grad is not None])


def _has_ranks() -> bool:
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1
