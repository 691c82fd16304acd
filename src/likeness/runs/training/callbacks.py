"""What looks at every step of a training: keyed randomness, a loss that is not a number, the progress bar."""

import math
import random
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor

from likeness.errors import LikenessError
from likeness.randomness import key
from likeness.tasks.task import Task


def callbacks_of(trainer: pl.Trainer) -> list[pl.Callback]:
    """Those of a trainer, in their order."""
    callbacks: list[pl.Callback] = trainer.callbacks  # type: ignore[attr-defined]  # Lightning sets it in a connector
    return callbacks


class KeyedRandomness(pl.Callback):
    """Before each batch, set the global generators to a key of (seed, step, rank), so that no draw has a history.

    Our own parts draw from torch's alone; NumPy's and Python's are set for parts of other packages.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Set the generators of torch, NumPy and Python."""
        micro = batch_idx % trainer.accumulate_grad_batches
        drawn = key("step", self.seed, trainer.global_step, micro, trainer.global_rank)
        torch.manual_seed(drawn)
        np.random.seed(drawn % 2**32)
        random.seed(drawn)


class RefuseNaN(pl.Callback):
    """Stop a run whose loss is not a number.

    A look waits for the device, so a GPU is looked at only every few steps, and at the last one.
    """

    def __init__(self, every: int) -> None:
        self.every = every

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Look at the loss."""
        loss: Tensor = outputs["loss"]
        last = trainer.global_step == trainer.max_steps
        if loss.device.type == "cpu" or last or batch_idx % self.every == 0:
            self._refuse(float(loss), trainer)

    def _refuse(self, loss: float, trainer: pl.Trainer) -> None:
        if not math.isfinite(loss):
            raise LikenessError(
                f"The loss is {loss} at step {trainer.global_step}; lower optimizer.lr "
                "or the weights of the loss, set trainer.gradient_clip_val=1, or use trainer.precision=32."
            )


class ProgressBar(pl.Callback):
    """A bar with the metrics that the task watches, and the time left; on rank 0 alone."""

    def __init__(self, every: int = 5) -> None:
        self.every = every
        self.progress = Progress(
            TextColumn("training"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[watched]}"),
            TimeRemainingColumn(),
            TextColumn("left"),
        )

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin the bar where the training begins."""
        if trainer.is_global_zero:
            self.progress.start()
            self.bar = self.progress.add_task(
                "training",
                total=trainer.max_steps,
                completed=trainer.global_step,
                watched="",
            )

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Move the bar; the numbers are fetched only every few steps, as each fetch waits for the device."""
        last = trainer.global_step == trainer.max_steps
        if trainer.is_global_zero and (batch_idx % self.every == 0 or last):
            self.progress.update(self.bar, completed=trainer.global_step, watched=_said(trainer, pl_module))

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """End the bar, which early stopping leaves short of its end."""
        if trainer.is_global_zero:
            self.progress.update(self.bar, completed=trainer.global_step)
        self.progress.stop()

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        """Leave the terminal as it was."""
        self.progress.stop()


def _said(trainer: pl.Trainer, task: pl.LightningModule) -> str:
    """The metrics that the task watches, as far as they are logged."""
    assert isinstance(task, Task)
    logged = trainer.callback_metrics
    known = [watched for watched in task.watched if watched.metric in logged]
    return "  ".join(f"{label} {float(logged[metric]):{written}}" for label, metric, written in known)
