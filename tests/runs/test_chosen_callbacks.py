"""Callbacks on a small network, each beside another way of computing what it does."""

import itertools
import math
import random
from collections.abc import Callable
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import EarlyStopping
from torch import Tensor, nn
from torch.utils.data import DataLoader

from likeness.errors import LikenessError
from likeness.runs.record.validations import Validation, best_of
from likeness.runs.training.chosen import stopped_early
from likeness.runs.training.monitors import GradientNorm, LearningRate
from likeness.runs.training.unfreezing import Unfreezing
from likeness.runs.training.weight_average import WeightAverage

Weights = dict[str, Tensor]


class Small(pl.LightningModule):
    """A network with running statistics; it keeps what it weighs after each step and while it is validated."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.features = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
        self.last = nn.Linear(4, 1)
        self.after: list[Weights] = []
        self.validated: list[Weights] = []
        self.logged: list[dict[str, float]] = []
        self.gradients: list[float] = []

    def weights(self) -> Weights:
        return {name: value.clone() for name, value in self.state_dict().items()}

    def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
        loss: Tensor = self.last(self.features(batch)).pow(2).mean()
        return loss

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        squares = [float(one.grad.double().pow(2).sum()) for one in self.parameters() if one.grad is not None]
        self.gradients.append(math.sqrt(sum(squares)))

    def on_train_batch_end(self, outputs: Any, batch: Tensor, batch_idx: int) -> None:
        if self.global_step > len(self.after):
            self.after.append(self.weights())
            self.logged.append({name: float(value) for name, value in self.trainer.callback_metrics.items()})

    def on_validation_epoch_start(self) -> None:
        self.validated.append(self.weights())

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        pass

    def configure_optimizers(self) -> Any:
        groups = [{"params": self.features.parameters()}, {"params": self.last.parameters(), "lr": 0.05}]
        optimizer = torch.optim.AdamW(groups, lr=0.1)
        scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}


def fitted(*callbacks: pl.Callback, micro: int = 1, steps: int = 6) -> Small:
    task, draw = Small(), torch.Generator().manual_seed(1)
    trainer = pl.Trainer(
        accelerator="cpu",
        max_steps=steps,
        max_epochs=-1,
        accumulate_grad_batches=micro,
        val_check_interval=2 * micro,
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        gradient_clip_val=0.1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=list(callbacks),
    )
    batches = list(torch.randn(steps * micro, 8, 3, generator=draw))
    trainer.fit(task, DataLoader(batches, batch_size=None), DataLoader(batches[:1], batch_size=None))
    return task


def averaged(after: list[Weights], decay: float, *, warmup: bool) -> list[Weights]:
    """The averages after each step, in float64 by the definition."""
    average = {name: value.double() for name, value in after[0].items()}
    found = [average]
    for step, weights in enumerate(after[1:], 1):
        kept = min(decay, (1 + step) / (10 + step)) if warmup else decay
        average = {
            name: kept * average[name] + (1 - kept) * value.double() if value.is_floating_point() else value
            for name, value in weights.items()
        }
        found.append(average)
    return found


@pytest.mark.parametrize(("decay", "warmup", "micro"), [(0.9, False, 2), (0.3, True, 1)])
def test_the_average_is_that_of_its_definition_and_is_what_a_validation_sees(
    decay: float, warmup: bool, micro: int
) -> None:
    average = WeightAverage(decay, warmup=warmup)
    task = fitted(average, micro=micro)
    expected = averaged(task.after, decay, warmup=warmup)
    assert average.state_dict()["step"] == 6
    pairs = [
        *zip(task.validated, expected[1::2], strict=True),
        (average.state_dict()["weights"], expected[-1]),
    ]
    for weights, wanted in pairs:
        assert weights.keys() == wanted.keys()
        for name, value in weights.items():
            torch.testing.assert_close(value.double(), wanted[name].double(), rtol=1e-5, atol=1e-6)


def test_a_training_with_an_average_is_bit_for_bit_the_one_without() -> None:
    for ours, theirs in zip(fitted(WeightAverage(0.9, warmup=True)).after, fitted().after, strict=True):
        assert all(torch.equal(value, theirs[name]) for name, value in ours.items())


def test_rate_and_gradient_are_logged_as_they_are_at_each_step() -> None:
    task = fitted(LearningRate(), GradientNorm())
    for step, logged in enumerate(task.logged):
        assert logged["train/learning_rate"] == pytest.approx(0.1 * 0.9**step)
        assert logged["train/lowest_learning_rate"] == pytest.approx(0.05 * 0.9**step)
        assert logged["train/gradient_norm"] == pytest.approx(task.gradients[step])
    assert max(task.gradients) > 0.1  # what is logged is not what is clipped


def changed(before: Weights, after: Weights) -> set[str]:
    return {name for name, value in after.items() if not torch.equal(value, before[name])}


def test_what_is_frozen_stays_to_the_bit_and_is_trained_from_its_step_on() -> None:
    task = fitted(Unfreezing({"features": 2, "features.1": 4}))
    begun = dict(Small().state_dict().items())
    weights = [begun, *task.after]
    steps = [changed(*two) for two in itertools.pairwise(weights)]
    norm = {
        f"features.1.{name}"
        for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    }
    linear, last = {"features.0.weight", "features.0.bias"}, {"last.weight", "last.bias"}
    assert steps[:2] == [last, last]
    assert all(step == {*last, *linear} for step in steps[2:4])
    assert all(step == {*last, *linear, *norm} for step in steps[4:])


def test_a_module_that_the_task_has_not_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(
        LikenessError, match=r"names feature, which the task has not: did you mean features\?"
    ):
        Unfreezing({"feature": 2}).refuse(Small())


@pytest.mark.parametrize(("mode", "better"), [("max", max), ("min", min)])
def test_the_best_are_the_first_of_the_best_values(mode: str, better: Callable[..., float]) -> None:
    draws = random.Random(0)
    for _ in range(200):
        rows = [Validation(step, draws.choice([0.1, 0.2, 0.3, math.nan])) for step in range(8)]
        known, expected = [row for row in rows if not math.isnan(row.value)], []
        while known and len(expected) < 3:
            value = better(row.value for row in known)
            expected.append(next(row for row in known if row.value == value))
            known.remove(expected[-1])
        assert best_of(rows, mode, 3) == expected


def test_a_checkpoint_tells_that_early_stopping_has_ended_the_training() -> None:
    """By what Lightning's callback saves of itself."""
    stopping = EarlyStopping("metric", mode="max", patience=2)
    seen = []
    for value in (0.5, 0.6, 0.4, 0.6):
        stopping._evaluate_stopping_criteria(torch.tensor(value))
        seen.append(stopped_early({stopping.state_key: stopping.state_dict(), "another": {"step": 1}}))
    assert seen == [False, False, False, True]
