"""A learning-rate range test (Smith 2017): the rate grows at every step, and the loss says how large it may be."""

import math
from typing import Any, NamedTuple

import numpy as np
import pytorch_lightning as pl

from likeness.config.schema.runs import TrainConfig
from likeness.errors import LikenessError
from likeness.runs.find.trial import try_training
from likeness.runs.recipe import Recipe

SMOOTHING = 0.9
"""Of the loss, by an exponential average."""

DIVERGED = 4.0
"""Times the least loss, at which the test ends."""

_FEWEST = 10  # steps, below which there is no slope to read


class Tried(NamedTuple):
    """A rate, and the smoothed loss at it."""

    rate: float
    loss: float


class FoundRate(NamedTuple):
    """What was tried, in the order of the rates, and the rate at which the loss falls fastest."""

    tried: list[Tried]
    rate: float

    def __str__(self) -> str:
        shown = self.tried[:: max(1, len(self.tried) // 12)]
        rows = "\n".join(f"{one.rate:>10.1e}{one.loss:>12.4g}" for one in shown)
        return f"{'rate':>10}{'loss':>12}\n{rows}\nThe loss falls fastest at {self.rate:.1e}."


class _GrowingRate(pl.Callback):
    """Multiply the rate of each group by one factor at every step, and keep the losses."""

    def __init__(self, lowest: float, factor: float) -> None:
        self.lowest, self.factor = lowest, factor
        self.tried: list[Tried] = []
        self.average = 0.0

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Set the rate of the step; groups keep their ratios."""
        optimizer = trainer.optimizers[0]
        if trainer.global_step == 0 and not self.tried:
            self.shares = [group["lr"] / optimizer.defaults["lr"] for group in optimizer.param_groups]
        self.rate = self.lowest * self.factor**trainer.global_step
        for group, share in zip(optimizer.param_groups, self.shares, strict=True):
            group["lr"] = self.rate * share

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Keep the loss, and end where it has run away."""
        loss = float(outputs["loss"])
        if (batch_idx + 1) % trainer.accumulate_grad_batches:
            return
        self.average = SMOOTHING * self.average + (1 - SMOOTHING) * loss
        smoothed = self.average / (1 - SMOOTHING ** (len(self.tried) + 1))
        if not math.isfinite(loss) or (
            len(self.tried) >= _FEWEST and smoothed > DIVERGED * min(one.loss for one in self.tried)
        ):
            trainer.should_stop = True
            return
        self.tried.append(Tried(self.rate, smoothed))


def find_rate(config: TrainConfig, recipe: Recipe, *, lowest: float, highest: float, steps: int) -> FoundRate:
    """Train for `steps` with rates from `lowest` to `highest`; no run is recorded.

    Raises:
        LikenessError: there is nothing to train, or the loss does not fall at any of the rates.
    """
    data = recipe.data()
    if data is None:
        raise LikenessError("Such a run trains nothing, so that there is no rate to find.")
    task = recipe.task()
    task.make_scheduler = None
    growing = _GrowingRate(lowest, (highest / lowest) ** (1 / (steps - 1)))
    try_training(config, task, data, steps=steps, looking=growing)
    return FoundRate(growing.tried, steepest(growing.tried))


def steepest(tried: list[Tried]) -> float:
    """The rate at which the loss falls fastest by the logarithm of the rate, up to its least value.

    Raises:
        LikenessError: it falls nowhere, or too little was tried.
    """
    if len(tried) < _FEWEST:
        raise LikenessError(
            f"The loss ran away after {len(tried)} steps: begin with a lower rate, --lowest, or take more --steps."
        )
    losses = np.array([one.loss for one in tried])
    slopes = np.gradient(losses, np.log([one.rate for one in tried]))[: int(losses.argmin()) + 1]
    if not len(slopes) or slopes.min() >= 0:
        raise LikenessError("The loss falls at none of these rates: try others with --lowest and --highest.")
    return tried[int(slopes.argmin())].rate
