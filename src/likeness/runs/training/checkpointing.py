"""Where Lightning's loop meets our checkpoints: it begins at one, and leaves one between two steps."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from likeness.errors import Preempted
from likeness.runs.record.unreadable import note_unreadable
from likeness.runs.training.callbacks import callbacks_of
from likeness.runs.training.checkpoints import Checkpoint, write_checkpoint
from likeness.runs.training.metrics import MetricsFile
from likeness.runs.training.preemption import Preemption
from likeness.tasks.shards import whole_state


class GoOnFrom(pl.Callback):
    """Begin the training where a checkpoint ends: with its state, and at its step.

    Lightning's own way is not taken: it guesses from the progress of its loops what is still to be done of the
    step that the checkpoint was made in. Ours are made between two steps, so that there is nothing to guess.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Load the state, before Lightning asks for the data."""
        step, weights, optimizer, scheduler, precision, callbacks = self.checkpoint
        pl_module.load_state_dict(weights)
        trainer.optimizers[0].load_state_dict(optimizer)
        for one in trainer.lr_scheduler_configs:  # one, or none
            one.scheduler.load_state_dict(scheduler)
        trainer.precision_plugin.load_state_dict(precision)
        for callback in callbacks_of(trainer):
            if callback.state_key in callbacks:
                callback.load_state_dict(callbacks[callback.state_key])
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
    """Save a checkpoint every few steps, after one of the best validations, at the end, and where SIGTERM asks for it.

    It is saved when the next step is about to begin: all that belongs to the steps before, a validation too, is done.
    `best` gives the steps whose checkpoints are kept for their validation, by what is logged until then.
    """

    def __init__(
        self,
        folder: Path,
        *,
        every: int,
        metrics: MetricsFile | None,
        unreadable: Callable[[], set[str]],
        best: Callable[[], Collection[int]] = tuple,
    ) -> None:
        self.folder, self.every, self.metrics, self.unreadable = folder, every, metrics, unreadable
        self.best = best
        self.preemption = Preemption()
        self.saved: int | None = None
        self.validated: int | None = None

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
        asked, step = self._asked(trainer), trainer.global_step
        if asked or step % self.every == 0 or (step == self.validated and self._is_best(trainer)):
            self._save(trainer, pl_module)
        if asked:
            raise Preempted

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Note after which step there was a validation."""
        self.validated = trainer.global_step

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save what was trained."""
        self._save(trainer, pl_module)
        if self._asked(trainer):
            raise Preempted

    def _asked(self, trainer: pl.Trainer) -> bool:
        return trainer.strategy.reduce_boolean_decision(self.preemption.asked, all=False)

    def _is_best(self, trainer: pl.Trainer) -> bool:
        """Whether this step's checkpoint is kept for its validation; rank 0, which logs, decides for all."""
        best = trainer.is_global_zero and trainer.global_step in self.best()
        return trainer.strategy.reduce_boolean_decision(best, all=False)

    def _save(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        note_unreadable(self.folder, trainer.global_rank, self.unreadable())
        if trainer.global_step == self.saved:
            return
        self.saved = trainer.global_step
        weights, optimizer = whole_state(pl_module, trainer.optimizers[0])  # all ranks have a part in it
        if not trainer.is_global_zero:
            return
        # before the checkpoint that stands on them
        logged = None if self.metrics is None else self.metrics.to_disk()
        write_checkpoint(
            self.folder,
            Checkpoint(
                trainer.global_step,
                weights,
                optimizer,
                next((one.scheduler.state_dict() for one in trainer.lr_scheduler_configs), {}),
                trainer.precision_plugin.state_dict(),
                {one.state_key: state for one in callbacks_of(trainer) if (state := one.state_dict())},
            ),
            logged,
            self.best(),
        )
