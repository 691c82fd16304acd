"""What we rely on in Lightning that its documentation does not promise; pyproject.toml caps its version for this.

Where a newer Lightning fails one of these, its name says what of ours has to be looked at before the cap is raised.
"""

import inspect
import json
import logging
import os
import signal
import warnings
from collections.abc import Callable, Mapping
from copy import deepcopy
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from packaging.version import Version
from pytorch_lightning.accelerators import CUDAAccelerator, MPSAccelerator
from pytorch_lightning.loggers import Logger
from pytorch_lightning.plugins.environments import TorchElasticEnvironment
from pytorch_lightning.plugins.precision import MixedPrecision
from pytorch_lightning.strategies import DDPStrategy, SingleDeviceStrategy
from torch import Tensor, nn
from torch.multiprocessing import start_processes
from torch.utils.data import DataLoader

from likeness.runs.training.checkpointing import GoOnFrom
from likeness.runs.training.checkpoints import Checkpoint
from likeness.runs.training.fit import quiet


class Numbers(pl.LightningDataModule):
    """Batches 1, 2, 3, ... without an end from the trainer's step on, and one batch to validate on."""

    def __init__(self, length: int = 100) -> None:
        super().__init__()
        self.length = length
        self.asked_at: list[int] = []

    def train_dataloader(self) -> DataLoader[Tensor]:
        assert self.trainer is not None
        self.asked_at.append(self.trainer.global_step)
        start = self.trainer.global_step * self.trainer.accumulate_grad_batches
        return DataLoader([torch.tensor([float(number)]) for number in range(start + 1, self.length + 1)])

    def val_dataloader(self) -> DataLoader[Tensor]:
        return DataLoader([torch.tensor([0.5])])

    def on_after_batch_transfer(self, batch: Tensor, dataloader_idx: int) -> Tensor:
        return batch * 10


class Line(pl.LightningModule):
    """y = w x; it notes its batches, the loss and the draws of torch's generator."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(1, 1, bias=False)
        nn.init.constant_(self.line.weight, 0.25)
        self.batches: list[float] = []
        self.draws: list[float] = []
        self.validated_at: list[int] = []

    def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
        self.batches.append(float(batch))
        self.draws.append(float(torch.rand(())))
        loss: Tensor = self.line(batch).pow(2).mean() * 1e-4
        self.log_dict({"train/loss": loss.detach(), "train/batch": batch.mean()}, batch_size=1)
        return loss

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        self.validated_at.append(self.global_step)

    def on_validation_epoch_end(self) -> None:
        self.log_dict({"validation/third": torch.tensor(1 / 3)})

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.9)
        scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}


class Noted(Logger):
    """Keeps what a logger is told."""

    name = "noted"
    version = ""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[int | None, dict[str, float]]] = []
        self.ended: list[str] = []

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        self.rows.append((step, dict(metrics)))

    def log_hyperparams(self, *args: Any, **kwargs: Any) -> None:
        pass

    def finalize(self, status: str) -> None:
        self.ended.append(status)


class Calling(pl.Callback):
    """Does what it is given in a hook, with the trainer, the task and the hook's other arguments by name."""

    def __init__(self, **hooks: Callable[..., None]) -> None:
        for name, what in hooks.items():
            assert hasattr(pl.Callback, name), name
            setattr(self, name, what)


def trainer_of(*callbacks: pl.Callback, max_steps: int = 6, **options: Any) -> pl.Trainer:
    """A trainer made as ours is."""
    return pl.Trainer(
        **{
            "accelerator": "cpu",
            "devices": 1,
            "max_steps": max_steps,
            "max_epochs": -1,
            "val_check_interval": 2,
            "check_val_every_n_epoch": None,
            "num_sanity_val_steps": 0,
            "use_distributed_sampler": False,
            "enable_progress_bar": False,
            "enable_model_summary": False,
            "enable_checkpointing": False,
            "log_every_n_steps": 1,
            "logger": False,
            **options,
        },
        callbacks=list(callbacks),
    )


def checkpoint_of(trainer: pl.Trainer, task: pl.LightningModule) -> Checkpoint:
    return deepcopy(
        Checkpoint(
            trainer.global_step,
            task.state_dict(),
            trainer.optimizers[0].state_dict(),
            trainer.lr_scheduler_configs[0].scheduler.state_dict(),
            trainer.precision_plugin.state_dict(),
        )
    )


def test_the_version_is_one_that_was_read() -> None:
    assert Version("2.6.6") <= Version(version("pytorch-lightning")) < Version("2.7")


# The loops: a run that begins at a checkpoint.


def state_after_each_step(*callbacks: pl.Callback, **options: Any) -> tuple[Line, Numbers, Noted, Any]:
    task, data, noted = Line(), Numbers(), Noted()
    trainer = trainer_of(*callbacks, logger=noted, **options)
    trainer.fit(task, data)
    return task, data, noted, trainer


@pytest.mark.parametrize("micro", [1, 2])
def test_fit_loop_goes_on_where_the_progress_of_its_loops_says(micro: int) -> None:
    """batch_progress.total, optim_progress and _batches_that_stepped are all that a checkpoint has to set."""
    saved: list[Checkpoint] = []
    indices: list[int] = []

    def save(trainer: pl.Trainer, task: Line, batch: Any, batch_idx: int) -> None:
        if trainer.global_step == 3 and not saved:
            saved.append(checkpoint_of(trainer, task))

    options = {"accumulate_grad_batches": micro, "val_check_interval": 2 * micro}
    whole, _, told, _ = state_after_each_step(Calling(on_train_batch_start=save), **options)
    torch.manual_seed(7)
    count = Calling(on_train_batch_start=lambda trainer, task, batch, batch_idx: indices.append(batch_idx))
    rest, data, told_rest, trainer = state_after_each_step(GoOnFrom(saved[0]), count, **options)
    assert data.asked_at == [3]  # global_step is there before the data are asked for
    assert rest.batches == whole.batches[3 * micro :]
    assert torch.equal(rest.line.weight, whole.line.weight)
    assert rest.validated_at == [4, 6]  # val_check_interval counts the batches before too
    assert (trainer.global_step, trainer.fit_loop.epoch_loop.total_batch_idx) == (6, 6 * micro - 1)
    assert told_rest.rows == [row for row in told.rows if row[0] is not None and row[0] >= 3]
    assert indices == list(range(3 * micro))  # batch_idx, by which micro-batches are told, begins at 0 again


def test_on_fit_start_comes_with_optimizers_and_before_the_data() -> None:
    seen: list[Any] = []

    def look(trainer: pl.Trainer, task: Line) -> None:
        (optimizer,), (scheduler,) = trainer.optimizers, trainer.lr_scheduler_configs
        seen.extend([optimizer, scheduler.scheduler.optimizer, list(data.asked_at)])

    data = Numbers()
    trainer_of(Calling(on_fit_start=look)).fit(Line(), data)
    assert isinstance(seen[0], torch.optim.SGD)
    assert seen[1:] == [seen[0], []]


def test_state_of_progress_trackers_is_what_we_write_into_them() -> None:
    *_, trainer = state_after_each_step(max_steps=2)
    loop = trainer.fit_loop.epoch_loop
    total = dict.fromkeys(("ready", "started", "processed", "completed"), 2)
    assert loop.batch_progress.total.state_dict() == total
    steps = loop.automatic_optimization.optim_progress.optimizer.step.total
    assert steps.state_dict() == {"ready": 2, "completed": 2}
    assert loop.on_save_checkpoint()["_batches_that_stepped"] == 2


def test_precision_plugin_keeps_the_scale_of_16_mixed_and_nothing_else() -> None:
    assert trainer_of(precision="32").precision_plugin.state_dict() == {}
    assert trainer_of(precision="bf16-mixed").precision_plugin.state_dict() == {}
    one, other = (
        MixedPrecision("16-mixed", "cpu", scaler=torch.amp.GradScaler("cpu", init_scale=scale))
        for scale in (8.0, 2.0)
    )
    other.load_state_dict(one.state_dict())
    assert other.state_dict()["scale"] == 8.0


# The order of a step.


def test_a_batch_begins_with_on_train_batch_start_and_draws_nothing_until_training_step() -> None:
    """KeyedRandomness seeds there; SaveCheckpoints finds all of the step before done, its validation too."""
    order: list[tuple[str, int]] = []

    def start(trainer: pl.Trainer, task: Line, batch: Any, batch_idx: int) -> None:
        order.append(("start", trainer.global_step))
        torch.manual_seed(100 + trainer.global_step)

    def end(trainer: pl.Trainer, task: Line, outputs: Any, batch: Any, batch_idx: int) -> None:
        order.append(("end", trainer.global_step))

    def validated(trainer: pl.Trainer, task: Line) -> None:
        order.append(("validated", trainer.global_step))

    task = Line()

    def over(trainer: pl.Trainer, task: Line) -> None:
        order.append(("over", trainer.global_step))

    hooks = Calling(
        on_train_batch_start=start, on_train_batch_end=end, on_validation_end=validated, on_train_end=over
    )
    trainer_of(hooks, max_steps=3).fit(task, Numbers())
    assert order == [
        *(("start", 0), ("end", 1), ("start", 1), ("end", 2), ("validated", 2)),
        *(("start", 2), ("end", 3), ("over", 3)),
    ]
    expected = [
        float(torch.rand((), generator=torch.Generator().manual_seed(100 + step))) for step in (0, 1, 2)
    ]
    assert task.draws == expected


def test_a_batch_is_changed_by_the_datamodule_before_any_hook_sees_it() -> None:
    seen: list[float] = []
    start = Calling(on_train_batch_start=lambda trainer, task, batch, batch_idx: seen.append(float(batch)))
    trainer_of(start, max_steps=2).fit(Line(), Numbers())
    assert seen == [10, 20]


def test_outputs_and_callback_metrics_of_on_train_batch_end_are_those_of_the_step() -> None:
    """RefuseNaN looks at the one and the progress bar at the other."""
    seen: list[tuple[float, float]] = []

    def look(trainer: pl.Trainer, task: Line, outputs: Any, batch: Any, batch_idx: int) -> None:
        assert float(outputs["loss"]) == float(trainer.callback_metrics["train/loss"])
        seen.append((float(batch), float(trainer.callback_metrics["train/batch"])))

    trainer_of(Calling(on_train_batch_end=look), max_steps=3).fit(Line(), Numbers())
    assert seen == [(10, 10), (20, 20), (30, 30)]


# Ends.


@pytest.mark.parametrize("hook", ["on_train_batch_start", "on_train_end"])
def test_what_a_callback_raises_leaves_fit_as_it_is(hook: str) -> None:
    """Preempted is a BaseException; Lightning neither swallows it nor makes another of it."""

    class Ended(BaseException):
        pass

    def raising(*args: Any, **kwargs: Any) -> None:
        raise Ended

    told: list[BaseException] = []
    telling = Calling(on_exception=lambda trainer, task, exception: told.append(exception))
    with pytest.raises(Ended) as raised:
        trainer_of(Calling(**{hook: raising}), telling).fit(Line(), Numbers())
    assert told == [raised.value]


def test_interrupted_tells_the_exit_that_lightning_makes_of_ctrl_c() -> None:
    def interrupt(*args: Any) -> None:
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    trainer = trainer_of(Calling(on_train_batch_start=interrupt))
    try:
        with pytest.raises(SystemExit):
            trainer.fit(Line(), Numbers())
    finally:
        signal.signal(signal.SIGINT, before)
    assert trainer.interrupted
    finished = trainer_of(max_steps=1)
    finished.fit(Line(), Numbers())
    assert not finished.interrupted


def test_should_stop_set_after_a_validation_ends_the_training_there() -> None:
    def stop(trainer: pl.Trainer, task: Line) -> None:
        trainer.should_stop = True

    task, _, noted, trainer = state_after_each_step(Calling(on_validation_end=stop))
    assert trainer.global_step == 2
    assert task.validated_at == [2]
    assert noted.ended == ["success"]


def test_sigterm_is_ours_from_on_train_start_on_and_everybody_elses_afterwards() -> None:
    """Lightning sets its handler before on_train_start, and puts back what was there before `fit`."""
    asked: list[int] = []

    def listen(trainer: pl.Trainer, task: Line) -> None:
        signal.signal(signal.SIGTERM, lambda number, frame: asked.append(trainer.global_step))

    def ask(trainer: pl.Trainer, task: Line, batch: Any, batch_idx: int) -> None:
        if trainer.global_step == 1:
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    try:
        trainer = trainer_of(Calling(on_train_start=listen, on_train_batch_start=ask), max_steps=3)
        trainer.fit(Line(), Numbers())
        assert signal.getsignal(signal.SIGTERM) == before
    finally:
        signal.signal(signal.SIGTERM, before)
    assert asked == [1]
    assert trainer.global_step == 3


# What is logged.


def test_a_logger_is_told_each_step_before_it_counts_and_at_full_precision() -> None:
    """MetricsFile adds one to the step, leaves the epoch out, and writes floats."""
    *_, noted, _trainer = state_after_each_step(max_steps=4)
    steps = [(step, sorted(metrics)) for step, metrics in noted.rows]
    trained, validated = ["epoch", "train/batch", "train/loss"], ["epoch", "validation/third"]
    assert steps == [(0, trained), (1, trained), (1, validated), (2, trained), (3, trained), (3, validated)]
    assert all(
        type(value) is float
        for _, metrics in noted.rows
        for name, value in metrics.items()
        if name != "epoch"
    )
    assert noted.rows[2][1]["validation/third"] == torch.tensor(1 / 3).item()
    assert noted.ended == ["success"]


def test_a_run_is_one_epoch_of_as_many_batches_as_steps_ask_for() -> None:
    task, data, noted, _ = state_after_each_step(max_steps=5)
    assert task.batches == [10, 20, 30, 40, 50]
    assert data.asked_at == [0]
    assert {metrics["epoch"] for _, metrics in noted.rows} == {0}


@pytest.mark.parametrize("name", ["pytorch_lightning", "lightning.pytorch"])
def test_the_log_of_lightning_goes_through_loggers_of_these_names(name: str) -> None:
    quiet()
    assert not logging.getLogger(f"{name}.trainer").isEnabledFor(logging.INFO)
    assert pl.Trainer.__module__.startswith("pytorch_lightning.")


def hints_of_a_fit(*, hushed: bool) -> list[str]:
    """What Lightning and torch warn of in a fit, with or without our filters."""
    task = Line()
    task.frozen = nn.Dropout().eval()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if hushed:
            quiet()
        trainer_of(max_steps=1, val_check_interval=1).fit(task, Numbers())
    return [str(warning.message) for warning in caught]


def test_hints_of_lightning_are_those_that_are_kept_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "pytorch_lightning.trainer.connectors.data_connector.suggested_max_num_workers", lambda ranks: 8
    )
    loud = hints_of_a_fit(hushed=False)
    for part in ("does not have many workers", "in eval mode"):
        assert any(part in message for message in loud), part
    assert hints_of_a_fit(hushed=True) == []


# Devices and ranks.


def test_strategies_of_one_process_answer_what_they_are_asked() -> None:
    strategy = SingleDeviceStrategy()
    for decision in (True, False):
        assert strategy.reduce_boolean_decision(decision, all=False) is decision
        assert strategy.broadcast(decision) is decision


def _ask(rank: int, folder: Path) -> None:
    """As one of two ranks, write what the strategy answers."""
    meeting = f"file://{folder / 'meeting'}"
    torch.distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=2)
    strategy = DDPStrategy(parallel_devices=[torch.device("cpu")] * 2)
    first, second = rank == 0, rank == 1
    answers = [
        strategy.reduce_boolean_decision(second, all=False),
        strategy.reduce_boolean_decision(False, all=False),
        strategy.broadcast(first),
        strategy.broadcast(second),
    ]
    (folder / f"{rank}.json").write_text(json.dumps(answers))
    torch.distributed.destroy_process_group()


def test_reduce_boolean_decision_is_any_and_broadcast_is_rank_0s_over_two_ranks(tmp_path: Path) -> None:
    start_processes(_ask, (tmp_path,), nprocs=2, start_method="fork")  # of what is imported already
    for rank in (0, 1):
        assert json.loads((tmp_path / f"{rank}.json").read_text()) == [True, False, True, False]


def test_ranks_that_torchrun_started_start_none_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {
        "RANK": "1",
        "WORLD_SIZE": "2",
        "LOCAL_RANK": "1",
        "GROUP_RANK": "0",
        "LOCAL_WORLD_SIZE": "2",
    }
    for name, value in {**variables, "TORCHELASTIC_RUN_ID": "x"}.items():
        monkeypatch.setenv(name, value)
    trainer = trainer_of(devices=2)
    assert isinstance(trainer.strategy, DDPStrategy)
    assert isinstance(trainer.strategy.cluster_environment, TorchElasticEnvironment)
    assert trainer.strategy.launcher is not None
    assert trainer.strategy.launcher.launch(lambda: "run here") == "run here"
    assert trainer.strategy.launcher.procs == []
    assert (trainer.global_rank, trainer.world_size, trainer.is_global_zero) == (1, 2, False)


def test_accelerators_count_their_devices() -> None:
    assert CUDAAccelerator.is_available() is torch.cuda.is_available()
    assert CUDAAccelerator.auto_device_count() == torch.cuda.device_count()
    assert MPSAccelerator.is_available() in (True, False)


def test_trainer_takes_what_ours_is_given() -> None:
    """A name that is dropped would be an error; one that is renamed shows here first."""
    given = {
        "accumulate_grad_batches",
        "gradient_clip_val",
        "deterministic",
        "sync_batchnorm",
        "limit_val_batches",
    }
    assert given <= inspect.signature(pl.Trainer).parameters.keys()
