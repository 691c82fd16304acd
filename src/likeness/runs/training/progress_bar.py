"""The progress bar of a training."""

from typing import Any

import pytorch_lightning as pl
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from likeness.tasks.task import Task


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
        """End the bar."""
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
