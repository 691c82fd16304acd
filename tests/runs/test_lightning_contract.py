"""What runs/ relies on in Lightning beyond its documented interface: a version that changes it fails here by name."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from packaging.version import Version
from pytorch_lightning.accelerators import CUDAAccelerator, MPSAccelerator
from torch import Tensor, nn
from torch.utils.data import DataLoader


class Task(pl.LightningModule):
    """A line, and what its loop was like in each step."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.line = nn.Linear(3, 1)
        self.seen: list[tuple[int, int]] = []

    def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
        self.seen.append((self.global_step, batch_idx))
        return self.line(batch).square().mean()

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.Adam(self.parameters(), lr=0.1)
        scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}


def trainer(folder: Path, *callbacks: pl.Callback, **settings: Any) -> pl.Trainer:
    quiet: dict[str, Any] = dict.fromkeys(
        ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False
    )
    where: dict[str, Any] = {"accelerator": "cpu", "default_root_dir": folder}
    return pl.Trainer(**(quiet | where | settings), max_epochs=-1, callbacks=list(callbacks))


def loader(count: int) -> DataLoader[Tensor]:
    return DataLoader(torch.randn(count, 3, generator=torch.Generator().manual_seed(1)), batch_size=1)


class Begin(pl.Callback):
    """Begin at a step, as `GoOnFrom` does."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        loop = trainer.fit_loop.epoch_loop
        batches = self.step * trainer.accumulate_grad_batches
        state = {"ready": batches, "started": batches, "processed": batches, "completed": batches}
        loop.batch_progress.total.load_state_dict(state)
        loop.automatic_optimization.optim_progress.optimizer.step.total.load_state_dict(
            {"ready": self.step, "completed": self.step}
        )
        loop.on_load_checkpoint({"_batches_that_stepped": self.step})


def test_the_version_is_one_that_was_read() -> None:
    assert Version("2.6.6") <= Version(version("pytorch-lightning")) < Version("2.7")


@pytest.mark.parametrize("accumulated", [1, 2])
def test_a_loop_begins_at_a_step_and_ends_at_the_last(accumulated: int, tmp_path: Path) -> None:
    task = Task()
    made = trainer(tmp_path, Begin(4), max_steps=7, accumulate_grad_batches=accumulated)
    made.fit(task, loader(40))
    assert made.global_step == 7
    assert [step for step, _ in task.seen] == [step for step in (4, 5, 6) for _ in range(accumulated)]


def test_optimizer_scheduler_and_precision_have_a_state_that_can_be_loaded(tmp_path: Path) -> None:
    whole, first, second = Task(), Task(), Task()
    trainer(tmp_path, max_steps=4).fit(whole, loader(4))
    half = trainer(tmp_path, max_steps=2)
    half.fit(first, loader(4))
    state = (
        first.state_dict(),
        half.optimizers[0].state_dict(),
        half.lr_scheduler_configs[0].scheduler.state_dict(),
        half.precision_plugin.state_dict(),
    )

    class GoOn(Begin):
        def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
            pl_module.load_state_dict(state[0])
            trainer.optimizers[0].load_state_dict(state[1])
            trainer.lr_scheduler_configs[0].scheduler.load_state_dict(state[2])
            trainer.precision_plugin.load_state_dict(state[3])
            super().on_fit_start(trainer, pl_module)

    rest = torch.randn(4, 3, generator=torch.Generator().manual_seed(1))[2:]
    trainer(tmp_path, GoOn(2), max_steps=4).fit(second, DataLoader(rest, batch_size=1))
    for one, other in zip(whole.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)


def test_hooks_come_in_the_order_that_checkpoints_need(tmp_path: Path) -> None:
    """A checkpoint is saved when the next step is about to begin: the validation of the step before is done."""
    calls: list[str] = []

    class Watch(pl.Callback):
        def on_train_batch_start(self, trainer: pl.Trainer, *_: Any) -> None:
            calls.append(f"start {trainer.global_step}")

        def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
            calls.append(f"end {trainer.global_step}")

        def on_validation_end(self, trainer: pl.Trainer, *_: Any) -> None:
            calls.append(f"validated {trainer.global_step}")

        def on_train_end(self, *_: Any) -> None:
            calls.append("over")

    class Validated(Task):
        def validation_step(self, batch: Tensor, batch_idx: int) -> None:
            pass

    settings = {
        "max_steps": 2,
        "val_check_interval": 1,
        "check_val_every_n_epoch": None,
        "num_sanity_val_steps": 0,
    }
    trainer(tmp_path, Watch(), **settings).fit(Validated(), loader(4), loader(1))
    assert calls == ["start 0", "end 1", "validated 1", "start 1", "end 2", "validated 2", "over"]


def test_a_training_is_stopped_by_a_flag_and_ranks_agree(tmp_path: Path) -> None:
    found: dict[str, Any] = {}

    class Stop(pl.Callback):
        def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
            trainer.should_stop = True
            found["any"] = trainer.strategy.reduce_boolean_decision(True, all=False)
            found["told"] = trainer.strategy.broadcast("said")

    made = trainer(tmp_path, Stop(), max_steps=9)
    made.fit(Task(), loader(20))
    assert made.global_step == 1
    assert found == {"any": True, "told": "said"}
    assert made.interrupted is False


def test_a_logger_is_told_of_each_step_from_0(tmp_path: Path) -> None:
    told: list[int | None] = []

    class Log(pl.loggers.Logger):
        name, version = "log", ""

        def log_metrics(self, metrics: Any, step: int | None = None) -> None:
            told.append(step)

        def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
            pass

    class Logging(Task):
        def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
            loss = super().training_step(batch, batch_idx)
            self.log("loss", loss)
            return loss

    made = pl.Trainer(
        logger=Log(),
        max_steps=3,
        max_epochs=-1,
        log_every_n_steps=1,
        enable_checkpointing=False,
        accelerator="cpu",
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
    )
    made.fit(Logging(), loader(9))
    assert told == [0, 1, 2]


def test_devices_are_counted_without_being_opened() -> None:
    assert isinstance(CUDAAccelerator.is_available(), bool)
    assert isinstance(CUDAAccelerator.auto_device_count(), int)
    assert isinstance(MPSAccelerator.is_available(), bool)
