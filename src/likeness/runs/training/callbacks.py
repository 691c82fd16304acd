"""What happens beside the training loop: keyed randomness, checkpoints, a look for NaN, the progress bar."""

import math
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor

from likeness.errors import LikenessError, Preempted
from likeness.randomness import key
from likeness.runs.training.checkpoints import Checkpoint, write_checkpoint
from likeness.runs.training.metrics import MetricsFile
from likeness.runs.training.preemption import Preemption


class KeyedRandomness(pl.Callback):
    """Before each batch, set torch's generators to a key of (seed, step, rank), so that no draw has a history."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Set the generators."""
        micro = batch_idx % trainer.accumulate_grad_batches
        torch.manual_seed(key("step", self.seed, trainer.global_step, micro, trainer.global_rank))


class GoOnFrom(pl.Callback):
    """Begin the training where a checkpoint ends: with its state, and at its step.

    Lightning's own way is not taken: it guesses from the progress of its loops what is still to be done of the
    step that the checkpoint was made in. Ours are made between two steps, so that there is nothing to guess.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Load the state, before Lightning asks for the data."""
        step, weights, optimizer, scheduler, precision = self.checkpoint
        pl_module.load_state_dict(weights)
        trainer.optimizers[0].load_state_dict(optimizer)
        trainer.lr_scheduler_configs[0].scheduler.load_state_dict(scheduler)
        trainer.precision_plugin.load_state_dict(precision)
        loop = trainer.fit_loop.epoch_loop
        batches = step * trainer.accumulate_grad_batches
        loop.batch_progress.total.load_state_dict(
            {"ready": batches, "started": batches, "processed": batches, "completed": batches}
        )
        loop.automatic_optimization.optim_progress.optimizer.step.total.load_state_dict(
            {"ready": step, "completed": step}
        )
        loop.on_load_checkpoint({"_batches_that_stepped": step})


class SaveCheckpoints(pl.Callback):
    """Save a checkpoint every few steps, at the end, and where SIGTERM asks the run to end.

    It is saved when the next step is about to begin: all that belongs to the steps before, a validation too, is done.
    """

    def __init__(self, folder: Path, *, every: int, metrics: MetricsFile | None) -> None:
        self.folder, self.every, self.metrics = folder, every, metrics
        self.preemption = Preemption()
        self.saved: int | None = None

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Listen for SIGTERM in Lightning's place, which would end the run in the middle of a validation."""
        self.saved = trainer.global_step
        self.preemption.listen()

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Save between two steps; all ranks end at the same one."""
        if batch_idx % trainer.accumulate_grad_batches:
            return
        asked = trainer.strategy.reduce_boolean_decision(self.preemption.asked, all=False)
        if asked or trainer.global_step % self.every == 0:
            self._save(trainer, pl_module)
        if asked:
            raise Preempted

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save what was trained."""
        self._save(trainer, pl_module)

    def _save(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.global_step == self.saved or not trainer.is_global_zero:
            return
        if self.metrics is not None:
            self.metrics.to_disk()  # before the checkpoint that stands on them
        self.saved = trainer.global_step
        write_checkpoint(
            self.folder,
            Checkpoint(
                trainer.global_step,
                pl_module.state_dict(),
                trainer.optimizers[0].state_dict(),
                trainer.lr_scheduler_configs[0].scheduler.state_dict(),
                trainer.precision_plugin.state_dict(),
            ),
        )


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
                f"The loss is {loss} at step {trainer.global_step}; lower optimizer.lr, "
                "set trainer.gradient_clip_val=1, or use trainer.precision=32."
            )


class ProgressBar(pl.Callback):
    """A bar with the loss, the share of active triplets, and the time left; on rank 0 alone."""

    def __init__(self, every: int = 5) -> None:
        self.every = every
        self.progress = Progress(
            TextColumn("training"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]:.4f}  active {task.fields[active]:.0%}"),
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
                loss=math.nan,
                active=math.nan,
            )

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Move the bar; the numbers are fetched only every few steps, as each fetch waits for the device."""
        last = trainer.global_step == trainer.max_steps
        if trainer.is_global_zero and (batch_idx % self.every == 0 or last):
            metrics = trainer.callback_metrics
            self.progress.update(
                self.bar,
                completed=trainer.global_step,
                loss=_number(metrics.get("train/loss")),
                active=_number(metrics.get("train/active")),
            )

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """End the bar."""
        self.progress.stop()

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        """Leave the terminal as it was."""
        self.progress.stop()


def _number(value: Tensor | None) -> float:
    return math.nan if value is None else float(value)
