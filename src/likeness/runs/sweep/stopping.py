"""A job of a sweep ends its training where the pruner says so."""

from pathlib import Path

import pytorch_lightning as pl

from likeness.config.schema.runs import TrainConfig
from likeness.errors import Pruned
from likeness.runs.sweep.pruning import raise_if_pruned


class StopPruned(pl.Callback):
    """After each validation, ask the pruner; rank 0 decides for all, from what stands in `metrics.csv`."""

    def __init__(self, config: TrainConfig, folder: Path) -> None:
        self.config, self.folder = config, folder

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """End the training; the run's record says why."""
        trainer.should_stop = trainer.should_stop or trainer.strategy.broadcast(
            trainer.is_global_zero and self._is_pruned()
        )

    def _is_pruned(self) -> bool:
        try:
            raise_if_pruned(self.config, self.folder)
        except Pruned:
            return True
        return False
