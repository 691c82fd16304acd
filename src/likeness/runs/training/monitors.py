"""What may be logged of each step beside the task's own metrics: the learning rate, the norm of the gradient."""

from typing import Any

import pytorch_lightning as pl
from torch.optim import Optimizer

from likeness.tasks.shards import gradient_norm

CURVES = {"learning rate": "train/learning_rate", "gradient norm": "train/gradient_norm"}
"""What a figure of the training calls them."""


class LearningRate(pl.Callback):
    """Log the rate of each step as `train/learning_rate`: the highest of the parameters' groups.

    Where they have several, the lowest is `train/lowest_learning_rate`.
    """

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Log it as it is before the step, whose schedule sets the next one's."""
        rates = [float(group["lr"]) for group in trainer.optimizers[0].param_groups]
        pl_module.log("train/learning_rate", max(rates))
        if len(set(rates)) > 1:
            pl_module.log("train/lowest_learning_rate", min(rates))


class GradientNorm(pl.Callback):
    """Log the Euclidean norm of all gradients of a step, before they are clipped, as `train/gradient_norm`."""

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Optimizer
    ) -> None:
        """Log it; under 16-mixed the gradients have their own scale again by now."""
        pl_module.log("train/gradient_norm", gradient_norm(pl_module, pl_module.parameters()))
