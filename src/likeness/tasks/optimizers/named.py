"""Any optimizer of torch's and timm's, and any schedule of torch's, by its name."""

from collections.abc import Callable
from typing import Any

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from likeness.timm_alone import create_optimizer_v2


def torch_optimizer(params: Any, *, name: str, **options: Any) -> Optimizer:
    """The optimizer of torch whose class has that name, over parameters or groups of them."""
    made: Callable[..., Optimizer] = getattr(torch.optim, name)
    return made(params, **options)


def timm_optimizer(params: Any, *, name: str, **options: Any) -> Optimizer:
    """timm's optimizer of that name, with the defaults that timm binds to it."""
    return create_optimizer_v2(params, name, **options)


def torch_scheduler(optimizer: Optimizer, *, name: str, **options: Any) -> LRScheduler:
    """The schedule of torch whose class has that name, by steps."""
    made: Callable[..., LRScheduler] = getattr(torch.optim.lr_scheduler, name)
    return made(optimizer, **options)
