"""The optimizer of a run and its schedule, from its configuration."""

from functools import partial
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from likeness.config.make import make
from likeness.config.schema.base import Node
from likeness.config.schema.optimization import OptimizerNode, WarmedUp
from likeness.errors import LikenessError
from likeness.tasks.optimizers.groups import parameter_groups, per_group
from likeness.tasks.optimizers.warm_up import WarmUp
from likeness.tasks.task import SchedulerFactory, Task

PEAKS = ("max_lr", "base_lr")
"""What schedules call rates that they set whatever that of the optimizer is."""


def optimizer_of(optimizer: Node, scheduler: Node | None, accelerator: str) -> dict[str, Any]:
    """What a task is to make its `optimizer` and its `scheduler` with, once its parameters are there.

    Where the configuration leaves it open, the optimizer updates all weights in one kernel if a GPU trains.
    """
    if getattr(optimizer, "fused", False) is None:
        fused = torch.cuda.is_available() and accelerator != "cpu"
        made = make(optimizer, fused=fused)
    else:
        made = make(optimizer)
    return {"optimizer": made, "scheduler": None if scheduler is None else _schedule_of(scheduler)}


def set_up_optimizer(task: Task, optimizer: Node, trunk: nn.Module | None = None) -> None:
    """Have the parameters of a task come to its optimizer in the groups that the configuration asks for.

    Args:
        task: that trains.
        optimizer: its node.
        trunk: what layer-wise rates go through.

    Raises:
        LikenessError: the optimizer or its schedule refuses its values, or there is no trunk for such rates.
    """
    if isinstance(optimizer, OptimizerNode) and optimizer.has_groups:
        if optimizer.layer_decay is not None and trunk is None:
            raise LikenessError(
                f"optimizer.layer_decay={optimizer.layer_decay} is for tasks that train a backbone; leave it out here."
            )
        assert optimizer.weight_decay is not None
        task.grouped = partial(
            parameter_groups,
            lr=optimizer.lr,
            weight_decay=optimizer.weight_decay,
            decay_norms=optimizer.decay_norms,
            layer_decay=optimizer.layer_decay or 1.0,
            trunk=trunk,
        )
    try:
        task.configure_optimizers()
    except (ValueError, ZeroDivisionError, RuntimeError, TypeError, AssertionError, ImportError) as error:
        raise LikenessError(f"The optimizer or its scheduler can't be set up so: {error}.") from error


def _schedule_of(scheduler: Node) -> SchedulerFactory:
    values = scheduler.plain()
    peaks = {key: values[key] for key in PEAKS if isinstance(values.get(key), float | int)}
    steps = scheduler.warmup if isinstance(scheduler, WarmedUp) else 0
    made = make(scheduler)

    def schedule(optimizer: Optimizer) -> LRScheduler:
        planned: LRScheduler = made(
            optimizer, **{key: per_group(optimizer, value) for key, value in peaks.items()}
        )
        return WarmUp(planned, steps) if steps else planned

    return schedule
