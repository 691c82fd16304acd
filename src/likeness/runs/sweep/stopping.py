"""A job of a sweep ends its training where the pruner says so."""

from pathlib import Path

import pytorch_lightning as pl

from likeness.config.schema.runs import TrainConfig
from likeness.runs.sweep.pruning import JobUnderWay


class StopPruned(pl.Callback):
    """After each validation, ask the pruner; rank 0 decides for all, from what stands in `metrics.csv`."""

    def __init__(self, config: TrainConfig, folder: Path) -> None:
        self.job = JobUnderWay(config, folder)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """End the training; the run's record says why."""
        trainer.should_stop = trainer.should_stop or trainer.strategy.broadcast(
            trainer.is_global_zero and self.job.stopped_at() is not None
        )
