"""An exponential moving average of the weights, which is what a run validates, measures and hands on."""

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

from likeness.runs.training.checkpoints import AVERAGE


class WeightAverage(pl.Callback):
    """Keep the average of the weights beside them: `average = decay * average + (1 - decay) * weights` after each step.

    It begins as the weights after the first step. Running statistics of normalization are averaged too, whole numbers
    taken as they are. A validation sees the average; the training itself is that of a run without one, bit for bit.
    Averaging: Polyak and Juditsky, "Acceleration of stochastic approximation by averaging" (1992); the warm-up is
    TensorFlow's ExponentialMovingAverage.

    Args:
        decay: the share of the average that stays at each step.
        warmup: whether that is at most (1 + t) / (10 + t) after t steps.
    """

    state_key = AVERAGE

    def __init__(self, decay: float, *, warmup: bool) -> None:
        self.decay, self.warmup = decay, warmup
        self._step = 0  # that the average is of
        self._average: dict[str, Tensor] = {}
        self._weights: dict[str, Tensor] = {}  # while the task has the average in their place

    def state_dict(self) -> dict[str, Any]:
        """The average and its step."""
        return {"step": self._step, "weights": self._average}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with an average."""
        self._step, self._average = state_dict["step"], state_dict["weights"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Have the average where the weights are."""
        weights = pl_module.state_dict()
        self._average = {name: value.to(weights[name].device) for name, value in self._average.items()}

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Take in the weights after a step; between batches that are accumulated there are no new ones."""
        if trainer.global_step == self._step:
            return
        weights = {name: value.detach() for name, value in pl_module.state_dict().items()}
        if not self._average:
            self._average = {name: value.clone() for name, value in weights.items()}
        else:
            self._take_in(weights)
        self._step = trainer.global_step

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the average in the place of the weights."""
        self._weights = {name: value.clone() for name, value in pl_module.state_dict().items()}
        pl_module.load_state_dict(self._average)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the weights back."""
        pl_module.load_state_dict(self._weights)
        self._weights = {}

    def _take_in(self, weights: dict[str, Tensor]) -> None:
        averaged = [name for name, value in weights.items() if value.is_floating_point()]
        steps = self._step
        decay = min(self.decay, (1 + steps) / (10 + steps)) if self.warmup else self.decay
        update = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
        with torch.no_grad():
            update([self._average[name] for name in averaged], [weights[name] for name in averaged], None)
            for name in weights.keys() - set(averaged):
                self._average[name].copy_(weights[name])
