"""Runs that are killed: each in a process of its own."""

import importlib
import json
import os
import signal
from collections.abc import Callable
from functools import reduce
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from blank_figures import blank_figures_from_now_on
from tiny import TINY, train_by
from warm import fork

OVERRIDES = [*TINY, "trainer.max_steps=12", "trainer.val_check_interval=4", "checkpoints.every=4"]
# What makes a resume hard: dropout, BatchNorm, augmentation, accumulation, a schedule over all the steps.
HARD = [
    "embedder.dropout=0.3",
    "embedder.batch_norm=true",
    "augment=faces",
    "scheduler=one_cycle",
    "trainer.accumulate_grad_batches=2",
    "trainer.val_check_interval=3",
]


def start(overrides: list[str], before: Callable[[], None] | None = None) -> BaseProcess:
    """Train as `python train.py WORDS` would, in a process; `before` runs there first."""
    return fork(_train, overrides, before)


def finish(overrides: list[str], before: Callable[[], None] | None = None) -> int | None:
    """Train in a process to its end; its exit code, which is minus the signal that killed it."""
    process = start(overrides, before)
    process.join()
    return process.exitcode


def only_run(folder: Path) -> Path:
    """The folder of the one run below `folder`."""
    (run,) = (path.parent for path in folder.glob("*/*/run.json"))
    return run


def left_behind(run: Path) -> dict[str, Any]:
    """All that must be the same to the bit: logged metrics, hashes of weights and optimizer, measurements, an image."""
    record = json.loads((run / "run.json").read_text())
    return {
        "status": record["status"],
        "metrics": (run / "metrics.csv").read_text(),
        "hashes": (run / "checkpoints" / "hashes.csv").read_text(),
        "results": json.loads((run / "results.json").read_text()),
        "image": record.get("image"),
    }


def kill_self() -> None:
    """End this process as kill -9 does."""
    os.kill(os.getpid(), signal.SIGKILL)


def at_call(number: int, place: str, action: Callable[[], Any] = kill_self) -> None:
    """Do `action` when `place` (module:class.method or module:function) is called for the `number`th time."""
    module, _, path = place.partition(":")
    *parents, name = path.split(".")
    owner = reduce(getattr, parents, importlib.import_module(module))
    original, calls = getattr(owner, name), []

    def counting(*arguments: Any, **keywords: Any) -> Any:
        calls.append(name)
        if len(calls) == number:
            action()
        return original(*arguments, **keywords)

    setattr(owner, name, counting)


def _train(overrides: list[str], before: Callable[[], None] | None) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    blank_figures_from_now_on()
    if before is not None:
        before()
    train_by(overrides)
