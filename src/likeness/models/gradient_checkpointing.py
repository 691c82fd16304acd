"""Gradient checkpointing (Chen et al. 2016): the backward pass computes a block's activations again."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint


def checkpoint_gradients(network: nn.Module) -> list[str]:
    """Have each block of a network keep only its input for the backward pass; returns the names of the blocks.

    Gradients and running statistics are the same to the bit: draws are made again from the same state of the generator,
    and a normalisation counts a batch once. It changes the network in place; a copy of it is not to be trained.
    """
    blocks = dict(_blocks(network, ""))
    for block in blocks.values():
        block.forward = partial(_checkpointed, block, block.forward)
    return list(blocks)


def _blocks(module: nn.Module, name: str) -> Iterator[tuple[str, nn.Module]]:
    """The smallest parts of a network with several layers in them, in each of its branches."""
    children = [(f"{name}.{below}".lstrip("."), child) for below, child in module.named_children()]
    if not any(_is_composite(child) for _, child in children):
        return
    for below, child in children:
        inner = list(_blocks(child, below)) if _is_chain(child) else []
        if inner:
            yield from inner
        elif _is_composite(child):
            yield below, child


def _is_composite(module: nn.Module) -> bool:
    return sum(any(True for _ in child.parameters()) for child in module.children()) >= 2 or any(
        _is_composite(child) for child in module.children()
    )


def _is_chain(module: nn.Module) -> bool:
    """Whether a module hands its input from child to child, so that these may be blocks; timm's networks do."""
    with_parameters = sum(any(True for _ in child.parameters()) for child in module.children())
    return isinstance(module, nn.Sequential) or hasattr(module, "forward_features") or with_parameters == 1


def _checkpointed(block: nn.Module, forward: Any, *arguments: Any, **keywords: Any) -> Any:
    if not torch.is_grad_enabled():
        return forward(*arguments, **keywords)
    contexts = partial(_contexts, block)
    return checkpoint(forward, *arguments, use_reentrant=False, context_fn=contexts, **keywords)


def _contexts(block: nn.Module) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    """Of the forward pass, and of when it is done again."""
    return nullcontext(), _statistics_kept(block)


@contextmanager
def _statistics_kept(block: nn.Module) -> Iterator[None]:
    """Leave running statistics as they are; in training the output does not depend on them."""
    norms = [one for one in block.modules() if isinstance(one, _BatchNorm) and one.training]
    momenta = [norm.momentum for norm in norms]
    counts = [
        None if norm.num_batches_tracked is None else norm.num_batches_tracked.clone() for norm in norms
    ]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum, count in zip(norms, momenta, counts, strict=True):
            norm.momentum = momentum
            if count is not None and norm.num_batches_tracked is not None:
                norm.num_batches_tracked.copy_(count)
