"""A trace of a few steps of a training, by torch's profiler, in the run's folder."""

import logging
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from torch.profiler import DeviceType, ProfilerActivity, profile, schedule

from likeness.runs.record.folder import replace
from likeness.runs.training.debug.where_time_goes import PHASES, NamedPhases, seconds_of, table
from likeness.runs.training.devices import on_gpu

log = logging.getLogger("likeness")

FOLDER = "profile"
"""Within the run's, with the trace and the table."""

TRACE = "trace.json.gz"
"""Chrome's format, which chrome://tracing and ui.perfetto.dev open as it is."""

TABLE = "table.txt"
"""The phases of a step as `debug=profile` tells them, and torch's operators."""

_ROWS = 40  # of operators

_STEP = "ProfilerStep"  # how torch's profiler names a step


class StepProfiler(pl.Callback):
    """Trace `active` steps, once `wait` steps were left alone and `warmup` more went before them.

    It draws nothing and logs no metric, so that the training is, bit for bit, that of a run without it. A session that
    is killed before its trace is written leaves none, and the next one begins to count anew; one that finds a trace
    leaves it. Thus there is no state beside the file. Of several devices the first is traced.

    Args:
        wait: steps that are not looked at.
        warmup: steps that the profiler runs along, as its beginning is slow, and of which nothing is kept.
        active: steps that are traced.
    """

    def __init__(self, wait: int, warmup: int, active: int) -> None:
        self.steps = (wait, warmup, active)
        self._profile: profile | None = None
        self._folder = Path()
        self._step = 0  # that has ended last

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin to count, where there is no trace yet."""
        folder = trainer.log_dir  # asked by all ranks, as the first tells the others
        self._folder, self._step = Path(folder or ".") / FOLDER, trainer.global_step
        if not trainer.is_global_zero or (self._folder / TRACE).is_file():
            return
        wait, warmup, active = self.steps
        trainer.profiler = NamedPhases(trainer.profiler)  # type: ignore[attr-defined]  # Lightning sets it itself
        gpu = [ProfilerActivity.CUDA] if on_gpu() else []
        self._profile = profile(
            activities=[ProfilerActivity.CPU, *gpu],
            schedule=schedule(wait=wait, warmup=warmup, active=active, repeat=1),
            on_trace_ready=self._write,
        )
        self._profile.start()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Count a step of the optimizer."""
        if self._profile is not None and trainer.global_step > self._step:
            self._step = trainer.global_step
            if self._step == trainer.max_steps:  # what comes after it is no step
                self._end(trainer)
                return
            self._profile.step()
            if self._is_written():
                self._stop(trainer)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write what was traced of a training that was stopped early within the steps."""
        if self._profile is not None:
            self._end(trainer)

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        """Write nothing of a session that goes on later."""
        if self._profile is not None:
            self._profile.on_trace_ready = None
            self._stop(trainer)

    def _end(self, trainer: pl.Trainer) -> None:
        """Write what there is of the steps that were to be traced."""
        self._stop(trainer)
        if not self._is_written():
            log.info("callbacks=profiler: the training ended before the steps that were to be traced.")

    def _stop(self, trainer: pl.Trainer) -> None:
        assert self._profile is not None
        profiler = trainer.profiler  # type: ignore[attr-defined]
        assert isinstance(profiler, NamedPhases)
        self._profile.stop()
        trainer.profiler, self._profile = profiler.within, None  # type: ignore[attr-defined]

    def _is_written(self) -> bool:
        return (self._folder / TRACE).is_file()

    def _write(self, traced: profile) -> None:
        """The table, then the trace, which says that both are there; a full disk ends no training."""
        beside = self._folder / f"partial.{TRACE}"
        try:
            self._folder.mkdir(exist_ok=True)
            (self._folder / TABLE).write_text(_table(traced))
            traced.export_chrome_trace(str(beside))
            replace(beside, self._folder / TRACE)
        except OSError as error:
            beside.unlink(missing_ok=True)
            log.warning("callbacks=profiler: %s can't be written (%s).", self._folder / TRACE, error.strerror)
        else:
            log.info("callbacks=profiler: a trace of the steps is in %s.", self._folder / TRACE)


def _table(traced: profile) -> str:
    """The phases' shares of the steps by the clock of the process, then what took longest of torch's operators."""
    found = traced.key_averages()
    here = [one for one in found if one.device_type == DeviceType.CPU]
    taken = {one.key: one.cpu_time_total / 1e6 for one in here if one.key in PHASES}
    steps = [one for one in here if one.key.startswith(_STEP)]
    whole, count = sum(one.cpu_time_total for one in steps) / 1e6, sum(one.count for one in steps)
    phases = table(seconds_of(taken), whole, count)
    longest = "self_device_time_total" if on_gpu() else "self_cpu_time_total"
    return f"{phases}\n\n{found.table(sort_by=longest, row_limit=_ROWS)}\n"
