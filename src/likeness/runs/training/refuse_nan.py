"""A look for a loss that is not a number."""

import math
from typing import Any

import pytorch_lightning as pl
from torch import Tensor

from likeness.errors import LikenessError


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
