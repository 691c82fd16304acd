"""The optimizer of a run and its schedule, from its configuration."""

from typing import Any

import torch

from likeness.config.make import make
from likeness.config.schema.base import Node
from likeness.errors import LikenessError
from likeness.tasks.task import Task


def optimizer_of(optimizer: Node, scheduler: Node, accelerator: str) -> dict[str, Any]:
    """What a task is to make its `optimizer` and its `scheduler` with, once its parameters are there.

    Where the configuration leaves it open, the optimizer updates all weights in one kernel if a GPU trains.
    """
    fused = {}
    if getattr(optimizer, "fused", False) is None:
        fused["fused"] = torch.cuda.is_available() and accelerator != "cpu"
    return {"optimizer": make(optimizer, **fused), "scheduler": make(scheduler)}


def refuse_optimizer(task: Task) -> None:
    """Raise a LikenessError where the task's optimizer or its schedule refuses its values."""
    try:
        task.configure_optimizers()
    except (ValueError, ZeroDivisionError, RuntimeError) as error:
        raise LikenessError(f"The optimizer or its scheduler can't be set up so: {error}.") from error
