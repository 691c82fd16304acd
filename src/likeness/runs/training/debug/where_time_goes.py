"""Where the time of a training goes: a table of its phases."""

import logging
from collections.abc import Mapping
from time import perf_counter

import pytorch_lightning as pl
import torch
from pytorch_lightning.profilers import Profiler, SimpleProfiler
from torch.profiler import record_function

from likeness.runs.training.devices import on_gpu

log = logging.getLogger("likeness")

PHASES = {
    "loading": (".train_dataloader_next",),
    "to the device": (".batch_to_device", ".on_after_batch_transfer"),
    "forward and loss": ("Strategy.training_step",),
    "backward": ("Strategy.backward",),
    "optimizer": (".optimizer_step",),
    "validation": (".val_next", "Strategy.validation_step", "Task.on_validation_epoch_end"),
    "checkpoints": ("SaveCheckpoints.on_train_batch_start", "SaveCheckpoints.on_train_end"),
}
"""By the name of a phase, how the names of Lightning's actions that belong to it end."""

WITHIN = {"optimizer": ("forward and loss", "backward")}
"""The phases that lie within another one's action, as Lightning hands the pass to the optimizer's step."""


class PhaseTimes(SimpleProfiler):
    """Lightning's times of its actions; on a GPU each waits until what it asked for is done."""

    def start(self, action_name: str) -> None:
        """Begin an action."""
        _wait()
        super().start(action_name)

    def stop(self, action_name: str) -> None:
        """End an action."""
        _wait()
        super().stop(action_name)

    def summary(self) -> str:
        """Nothing: the table of phases is told."""
        return ""

    def seconds(self) -> dict[str, float]:
        """Of each phase."""
        taken = dict.fromkeys(PHASES, 0.0)
        for action, durations in self.recorded_durations.items():
            if (phase := phase_of(action)) is not None:
                taken[phase] += sum(durations)
        return seconds_of(taken)


class NamedPhases(Profiler):
    """Lightning's actions by the names of their phases in a trace of torch's; all are told to the profiler `within`."""

    def __init__(self, within: Profiler) -> None:
        super().__init__()
        self.within = within
        self._open: dict[str, record_function] = {}

    def start(self, action_name: str) -> None:
        """Begin an action."""
        self.within.start(action_name)
        if (phase := phase_of(action_name)) is not None:
            self._open[action_name] = record_function(phase)
            self._open[action_name].__enter__()  # type: ignore[no-untyped-call]

    def stop(self, action_name: str) -> None:
        """End an action."""
        if (named := self._open.pop(action_name, None)) is not None:
            named.__exit__(None, None, None)
        self.within.stop(action_name)


class TellTimes(pl.Callback):
    """Say at the end which share of the time each phase took, and how much a step."""

    def __init__(self, times: PhaseTimes) -> None:
        self.times = times
        self.begun, self.step = 0.0, 0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin."""
        self.begun, self.step = perf_counter(), trainer.global_step

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Say it."""
        whole, steps = perf_counter() - self.begun, trainer.global_step - self.step
        if trainer.is_global_zero and steps:
            log.info(
                "debug=profile: where the time of %d steps went\n%s",
                steps,
                table(self.times.seconds(), whole, steps),
            )


def phase_of(action: str) -> str | None:
    """The phase that an action of Lightning's belongs to, by its name; None where it is no part of one."""
    return next((phase for phase, endings in PHASES.items() if action.endswith(endings)), None)


def seconds_of(taken: Mapping[str, float]) -> dict[str, float]:
    """The seconds of each phase alone, of those of its actions, in which others may lie."""
    found = {phase: taken.get(phase, 0.0) for phase in PHASES}
    return {
        phase: seconds - sum(found[inner] for inner in WITHIN.get(phase, ()))
        for phase, seconds in found.items()
    }


def table(seconds: dict[str, float], whole: float, steps: int) -> str:
    """The phases, their shares of the `whole` in seconds, and what they take of a step in milliseconds."""
    rows = {**seconds, "the rest": whole - sum(seconds.values()), "all": whole}
    lines = [f"{'phase':<18}{'share':>8}{'ms a step':>12}"]
    lines += [f"{name:<18}{taken / whole:>8.1%}{1000 * taken / steps:>12.1f}" for name, taken in rows.items()]
    return "\n".join(lines)


def _wait() -> None:
    if on_gpu():
        torch.cuda.synchronize()
