"""How large a batch may be, and how fast each size is: a few steps of each, in a process of its own."""

import multiprocessing
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any, NamedTuple

import pytorch_lightning as pl
import torch

from likeness.config.schema.runs import TrainConfig
from likeness.errors import LikenessError
from likeness.runs.find.trial import try_training
from likeness.runs.recipe import Recipe
from likeness.runs.training.devices import on_gpu

STEPS = 4
"""Of each size; the first, which sets up, is not timed."""

NEAR = 0.95
"""Of the best speed: the smallest size that reaches it is enough."""

_KIB = 1 if sys.platform == "darwin" else 1024  # what ru_maxrss counts in


class TriedSize(NamedTuple):
    """A size, the samples a second, and the bytes that its training held at most; None where they did not suffice."""

    size: int
    samples: int
    speed: float | None
    memory: int | None


class FoundSize(NamedTuple):
    """All sizes that were tried, the smaller first, and the smallest that is nearly as fast as any."""

    tried: list[TriedSize]
    size: int

    def __str__(self) -> str:
        head = f"{'size':>8}{'samples':>9}{'a second':>10}{'memory':>12}"
        rows = [
            f"{one.size:>8}{one.samples:>9}{one.speed:>10.1f}{one.memory / 2**20:>8.0f} MiB"
            if one.speed is not None and one.memory is not None
            else f"{one.size:>8}{one.samples:>9}   not enough memory"
            for one in self.tried
        ]
        return "\n".join([head, *rows, f"{self.size} is the smallest within 5% of the best speed."])


def find_size(
    sizes: Iterator[int],
    samples: Callable[[int], int],
    made: Callable[[int], tuple[TrainConfig, Recipe]],
    free: Callable[[], float],
) -> FoundSize:
    """Try `sizes`, each twice the one before, until the next would need more memory than there is.

    Args:
        sizes: growing.
        samples: how many samples a batch of a size has.
        made: the configuration and the recipe of a size.
        free: the bytes that are free.

    Raises:
        LikenessError: not even the first size can be trained.
    """
    tried: list[TriedSize] = []
    for size in sizes:
        if len(tried) >= 2 and _next_memory(tried) > free():
            break
        speed, memory = _measured(*made(size), samples(size))
        tried.append(TriedSize(size, samples(size), speed, memory))
        if speed is None:
            break
    fitting = [(one.size, one.speed) for one in tried if one.speed is not None]
    if not fitting:
        raise LikenessError("Not even the smallest batch can be trained in the memory that there is.")
    best = max(speed for _, speed in fitting)
    return FoundSize(tried, next(size for size, speed in fitting if speed >= NEAR * best))


def _next_memory(tried: list[TriedSize]) -> int:
    """What the next size, twice the last, would need: it grows as it grew."""
    before, last = (one.memory or 0 for one in tried[-2:])
    return last + 2 * max(0, last - before)


def _measured(config: TrainConfig, recipe: Recipe, samples: int) -> tuple[float | None, int | None]:
    """Samples a second and bytes, of a training in a process that may run out of memory."""
    context: Any = multiprocessing.get_context("spawn" if on_gpu() else "fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_train, args=(config, recipe, samples, there))
    process.start()
    there.close()
    said: Any = None
    with suppress(EOFError):  # it was killed
        said = here.recv()
    process.join()
    if isinstance(said, LikenessError):
        raise said
    return said or (None, None)


def _train(config: TrainConfig, recipe: Recipe, samples: int, said: Connection) -> None:
    times: list[float] = []
    try:
        data = recipe.data()
        assert data is not None
        try_training(config, recipe.task(), data, steps=STEPS, looking=_Times(times))
    except (torch.OutOfMemoryError, MemoryError):
        said.send(None)
    except LikenessError as error:
        said.send(error)
    else:
        memory = (
            torch.cuda.max_memory_allocated()
            if on_gpu()
            else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB
        )
        batches = config.trainer.accumulate_grad_batches * (len(times) - 1)
        said.send((samples * batches / (times[-1] - times[0]), memory))


class _Times(pl.Callback):
    """When each step ended."""

    def __init__(self, times: list[float]) -> None:
        self.times = times

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Note it, when the device is done."""
        if (batch_idx + 1) % trainer.accumulate_grad_batches == 0:
            if on_gpu():
                torch.cuda.synchronize()
            self.times.append(perf_counter())
