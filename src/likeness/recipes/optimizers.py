"""The optimizer of a run and its schedule, from its configuration."""

from typing import Any

import torch
from omegaconf import DictConfig

from likeness.config.make import make
from likeness.errors import LikenessError
from likeness.tasks.task import Task


def optimizer_of(config: DictConfig) -> dict[str, Any]:
    """What a task is to make its `optimizer` and its `scheduler` with, once its parameters are there.

    Where the configuration leaves it open, the optimizer updates all weights in one kernel if a GPU trains.
    """
    fused = {}
    if "fused" in config.optimizer and config.optimizer.fused is None:
        fused["fused"] = torch.cuda.is_available() and config.trainer.accelerator != "cpu"
    return {"optimizer": make(config.optimizer, **fused), "scheduler": make(config.scheduler)}


def refuse_optimizer(task: Task) -> None:
    """Raise a LikenessError where the task's optimizer or its schedule refuses its values."""
    try:
        task.configure_optimizers()
    except (ValueError, ZeroDivisionError, RuntimeError) as error:
        raise LikenessError(f"The optimizer or its scheduler can't be set up so: {error}.") from error
