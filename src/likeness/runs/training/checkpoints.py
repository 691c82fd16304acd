"""Checkpoints: all that a run needs to go on, as plain tensors; written beside, read again, and only then renamed."""

import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, NamedTuple, NotRequired

import torch
from torch import Tensor, nn
from typing_extensions import TypedDict

from likeness.errors import LikenessError
from likeness.models.tensor_file import read_tensors
from likeness.runs.record.appended import Head
from likeness.runs.record.checkpoint_hashes import cut_hashes
from likeness.runs.record.folder import HASHES, replace, to_disk, write_json, write_text
from likeness.runs.record.json_file import read_json

KEPT = 2

log = logging.getLogger("likeness")


class Checkpoint(NamedTuple):
    """The state of a run after `step` steps of the optimizer."""

    step: int
    weights: dict[str, Tensor]
    optimizer: dict[str, Any]
    scheduler: dict[str, Any]
    precision: dict[str, Any]


class GoodCheckpoint(NamedTuple):
    """The step of a checkpoint that can be read, and what `metrics.csv` held then; None where nobody knows."""

    step: int
    metrics: Head | None


def write_checkpoint(folder: Path, checkpoint: Checkpoint, metrics: Head | None) -> None:
    """Write `checkpoints/step-<step>.ckpt` below a run's folder and drop all but the last two.

    The file is written beside, read again and compared, and renamed last; its checksum stands in a `.json` of its name,
    with what `metrics.csv` holds up to here.

    Raises:
        LikenessError: the disk is full, or what was read again is not what was written.
    """
    place = folder / "checkpoints"
    path = place / f"step-{checkpoint.step:08d}.ckpt"
    beside = path.with_suffix(".partial")
    weights, optimizer = hash_of(checkpoint.weights), hash_of(checkpoint.optimizer)
    try:
        with beside.open("wb") as file:
            torch.save(checkpoint._asdict(), file)
            to_disk(file)
        written = _loaded(beside)
        if (hash_of(written.weights), hash_of(written.optimizer)) != (weights, optimizer):
            raise OSError(None, "what was read again is not what was written")
        write_json(
            path.with_suffix(".json"),
            {
                "step": checkpoint.step,
                "sha256": _digest(beside),
                "weights": weights,
                "optimizer": optimizer,
                "metrics": metrics and metrics._asdict(),
            },
        )
        _note_hashes(place / HASHES, checkpoint.step, weights, optimizer)
        replace(beside, path)
    except (
        OSError,
        RuntimeError,
        ValueError,
        LikenessError,
    ) as error:  # of torch, RuntimeError where a disk is full
        beside.unlink(missing_ok=True)
        reason = getattr(error, "strerror", None) or error
        raise LikenessError(
            f"The checkpoint of step {checkpoint.step} can't be written to {place} ({reason}); make room and run the "
            "same command again: it goes on from the last good checkpoint."
        ) from error
    for old in _paths(folder)[KEPT:]:
        old.unlink()
        old.with_suffix(".json").unlink(missing_ok=True)


def newest_checkpoint(folder: Path) -> Checkpoint | None:
    """The last good checkpoint below a run's folder, or None; one that is torn or altered is named and passed over."""
    for path in _paths(folder):
        try:
            return read_checkpoint(path)
        except LikenessError as error:
            log.warning("%s The one before it is used.", error)
    return None


def good_checkpoints(folder: Path) -> Iterator[GoodCheckpoint]:
    """The good checkpoints below a run's folder, the newest first; others are named and passed over."""
    for path in _paths(folder):
        try:
            step = read_checkpoint(path).step
        except LikenessError as error:
            log.warning("%s The one before it is used.", error)
            continue
        yield GoodCheckpoint(step, _noted_metrics(path.with_suffix(".json")))


def checkpoint_of(run: Path) -> Checkpoint:
    """A run's last good checkpoint.

    Raises:
        LikenessError: there is none.
    """
    checkpoint = newest_checkpoint(run)
    if checkpoint is None:
        raise LikenessError(f"{run} has no checkpoint that can be read; has this run trained?")
    return checkpoint


def load_part(network: nn.Module, name: str, checkpoint: Checkpoint, run: Path | str) -> None:
    """Give a network the weights that stand under its name in a run's checkpoint.

    Raises:
        LikenessError: they are another network's.
    """
    prefix, weights = f"{name}.", checkpoint.weights.items()
    own = {key.removeprefix(prefix): value for key, value in weights if key.startswith(prefix)}
    try:
        network.load_state_dict(own)
    except RuntimeError as error:
        raise LikenessError(
            f"The checkpoints of {run} hold another network's weights than the configuration describes."
        ) from error


def read_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint in a file.

    Raises:
        LikenessError: it is cut short or altered, by its checksum.
    """
    try:
        noted = json.loads(path.with_suffix(".json").read_text())["sha256"]
        if noted == _digest(path):
            return _loaded(path)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError):
        pass
    raise LikenessError(f"The checkpoint {path} is cut short or altered.")


def hash_of(state: Any) -> str:
    """A hexadecimal hash of nested containers of tensors and plain values: bits, shapes, types and names."""
    digest = sha256()
    for name, value in _leaves(state):
        digest.update(name.encode())
        if isinstance(value, Tensor):
            digest.update(f"{value.dtype}{tuple(value.shape)}".encode())
            digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
        else:
            digest.update(repr(value).encode())
    return digest.hexdigest()


def cut_checkpoints(folder: Path, step: int) -> None:
    """Leave out what was saved after `step`, a damaged checkpoint or a hash: it is going to be saved again."""
    for path in _paths(folder):
        if int(path.stem.removeprefix("step-")) > step:
            path.unlink()
            path.with_suffix(".json").unlink(missing_ok=True)
    cut_hashes(folder, step)


def _note_hashes(path: Path, step: int, weights: str, optimizer: str) -> None:
    if not path.exists():
        write_text(path, "step,weights,optimizer\n")
    with path.open("a") as file:
        file.write(f"{step},{weights},{optimizer}\n")
        to_disk(file)


def _paths(folder: Path) -> list[Path]:
    """The checkpoints below a run's folder, the newest first."""
    return sorted((folder / "checkpoints").glob("step-*.ckpt"), reverse=True)


class _Head(TypedDict):
    bytes: int
    sha256: str


class _Noted(TypedDict):
    metrics: NotRequired[_Head | None]


def _noted_metrics(path: Path) -> Head | None:
    with suppress(LikenessError):
        head = read_json(path, _Noted).get("metrics")
        return head and Head(**head)
    return None


def _loaded(path: Path) -> Checkpoint:
    return Checkpoint(**read_tensors(path))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _leaves(state: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The values of nested containers, each with the keys that lead to it."""
    if isinstance(state, dict):
        for key, value in state.items():
            yield from _leaves(value, f"{name}/{key}")
    elif isinstance(state, list | tuple):
        for place, value in enumerate(state):
            yield from _leaves(value, f"{name}/{place}")
    else:
        yield name, state
