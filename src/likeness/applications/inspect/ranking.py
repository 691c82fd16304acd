"""One pass over images that keeps the strongest of every unit, and goes on where it was killed."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from likeness.applications.inspect.subject import Subject
from likeness.data.as_float import as_float
from likeness.data.loading import ordered_loader
from likeness.errors import LikenessError, mend_of
from likeness.inspection import LayeredNetwork, Strongest
from likeness.inspection.strongest import StrongestArrays
from likeness.runs.record.folder import replace, to_disk

STATE = "strongest.npz"
EVERY = 20.0
"""Seconds between two looks at the disk."""


class Ranking(NamedTuple):
    """By layer the strongest inputs of its units, and which of the images could not be read."""

    strongest: dict[str, Strongest]
    seen: int
    unreadable: list[int]


def ranked(subject: Subject, folder: Path) -> Ranking:
    """Show the network all images, from where an earlier pass in `folder` was left.

    Raises:
        LikenessError: no image can be read, or a layer gives what is no number.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    network, config, images = subject.network, subject.config, subject.images
    strongest = {name: Strongest(network.layers[name].channels, config.top) for name in subject.layers}
    done, unreadable = _restored(folder / STATE, strongest)
    left = range(done, len(images))
    loader = ordered_loader(images, left, batch_size=config.batch_size, workers=config.loader.workers)
    terminal, written = Console(stderr=True), time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=terminal, transient=True, disable=not terminal.is_terminal) as progress:
        shown = progress.add_task("images", total=len(images), completed=done)
        for batch in loader if left else ():
            if len(batch.index):
                _take(network, strongest, as_float(batch.images), batch.index)
            following = min(done + config.batch_size, len(images))
            unreadable += sorted({*range(done, following)} - {*batch.index.tolist()})
            done = following
            progress.update(shown, completed=done)
            if done == len(images) or time.monotonic() - written > EVERY:
                _write(folder / STATE, strongest, done, unreadable)
                written = time.monotonic()
    seen = len(images) - len(unreadable)
    if not seen:
        raise LikenessError(f"None of the {len(images)} images can be read: replace them.")
    return Ranking(strongest, seen, unreadable)


def _take(
    network: LayeredNetwork, strongest: Mapping[str, Strongest], images: torch.Tensor, index: torch.Tensor
) -> None:
    def add(name: str, maps: torch.Tensor) -> None:
        try:
            strongest[name].add(maps, index)
        except ValueError as error:
            raise LikenessError(
                f"The layer {name} can't be ranked: {error}; train it with a lower rate."
            ) from error

    with torch.inference_mode():
        network.read(images, list(strongest), add)


def _write(path: Path, strongest: Mapping[str, Strongest], done: int, unreadable: Sequence[int]) -> None:
    """Write what is known after the first `done` images beside, and rename."""
    arrays: dict[str, Any] = {"done": np.array(done), "unreadable": np.array(unreadable, np.int64)}
    for place, one in enumerate(strongest.values()):
        arrays |= {f"{place}/{name}": array for name, array in one.arrays()._asdict().items()}
    arrays["layers"] = np.array(json.dumps(list(strongest)))
    beside = path.with_suffix(".partial")
    try:
        with beside.open("wb") as file:
            np.savez(file, **arrays)
            to_disk(file)
        replace(beside, path)
    except OSError as error:
        raise LikenessError(
            f"{path} can't be written ({error.strerror}); {mend_of(error)} and run again: what is there stays."
        ) from error


def _restored(path: Path, strongest: Mapping[str, Strongest]) -> tuple[int, list[int]]:
    """How many images the pass that left what is at `path` went through, and which of them could not be read."""
    if not path.is_file():
        return 0, []
    try:
        with np.load(path, allow_pickle=False) as stored:
            if json.loads(str(stored["layers"])) != list(strongest):
                raise ValueError("of other layers")
            held = {
                name: StrongestArrays(*(stored[f"{place}/{part}"] for part in StrongestArrays._fields))
                for place, name in enumerate(strongest)
            }
            done, unreadable = int(stored["done"]), stored["unreadable"].tolist()
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise LikenessError(
            f"{path} can't be read: it is cut short or altered; remove it, and run again."
        ) from error
    for name, arrays in held.items():
        strongest[name].restore(arrays)
    return done, unreadable
