"""Torch's generators, set before each batch, so that no draw of a network has a history."""

from typing import Any

import pytorch_lightning as pl
import torch

from likeness.randomness import key


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
