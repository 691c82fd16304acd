"""Checkpoints: all that a run needs to go on, as plain tensors; written beside, read again, and only then renamed.

What is read is compared first: with the hash of the file in the record of a run that has ended, else with the hashes of
its states in `hashes.csv` or with the checksum beside it, whatever there is.
"""

import csv
import json
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import file_digest, sha256
from io import BufferedReader
from os import SEEK_END
from pathlib import Path
from typing import Any, NamedTuple, NotRequired

import torch
from torch import Tensor, nn
from typing_extensions import TypedDict

from likeness.errors import LikenessError, mend_of
from likeness.models.tensor_file import read_tensors
from likeness.runs.record.appended import Head, head_of
from likeness.runs.record.checkpoint_hashes import cut_hashes
from likeness.runs.record.folder import HASHES, replace, to_disk, write_json, write_text
from likeness.runs.record.json_file import read_json
from likeness.runs.record.sealed import SealedFiles, digest_of
from likeness.runs.record.validations import best_checkpoint

KEPT = 2

AVERAGE = "weight_average"
"""The callback whose state is an average of the weights: what a run measures and hands on in their place."""

log = logging.getLogger("likeness")


class Checkpoint(NamedTuple):
    """The state of a run after `step` steps of the optimizer; `callbacks` have a state each by their `state_key`."""

    step: int
    weights: dict[str, Tensor]
    optimizer: dict[str, Any]
    scheduler: dict[str, Any]
    precision: dict[str, Any]
    callbacks: dict[str, dict[str, Any]] = {}  # noqa: RUF012  # a NamedTuple's default, which nobody changes

    @property
    def trained(self) -> dict[str, Tensor]:
        """The weights to measure and to use: their average where one is kept."""
        average: dict[str, Tensor] | None = self.callbacks.get(AVERAGE, {}).get("weights")
        return average or self.weights

    @property
    def states(self) -> dict[str, Any]:
        """All that is saved beside the step, by name; that of callbacks where there is one."""
        states = self._asdict()
        del states["step"]
        return (
            states if self.callbacks else {name: each for name, each in states.items() if name != "callbacks"}
        )


class GoodCheckpoint(NamedTuple):
    """The step of a checkpoint that can be read, and what `metrics.csv` and `hashes.csv` held then; None: not known."""

    step: int
    metrics: Head | None
    hashes: Head | None


def write_checkpoint(
    folder: Path, checkpoint: Checkpoint, metrics: Head | None, kept: Collection[int] = ()
) -> None:
    """Write `checkpoints/step-<step>.ckpt` below a run's folder; drop all but the last two and those of steps `kept`.

    The file is written beside, read again and compared, and renamed last; its checksum stands in a `.json` of its name,
    with what `metrics.csv` holds up to here.

    Raises:
        LikenessError: the disk is full, or what was read again is not what was written.
    """
    place = folder / "checkpoints"
    path = _path_of(folder, checkpoint.step)
    beside = path.with_suffix(".partial")
    hashes = hashes_of(checkpoint)
    try:
        with beside.open("wb") as file:
            torch.save({"step": checkpoint.step, **checkpoint.states}, file)
            to_disk(file)
        if hashes_of(_loaded(beside)) != hashes:
            raise OSError(None, "what was read again is not what was written")
        noted = _note_hashes(place / HASHES, checkpoint.step, hashes)
        write_json(
            path.with_suffix(".json"),
            {
                "step": checkpoint.step,
                "sha256": digest_of(beside),
                **hashes,
                "metrics": metrics and metrics._asdict(),
                "noted": noted._asdict(),
            },
        )
        replace(beside, path)
    except (OSError, RuntimeError, ValueError, LikenessError) as error:
        beside.unlink(missing_ok=True)
        refused = _said_by_system(error)
        raise LikenessError(
            f"The checkpoint of step {checkpoint.step} can't be written to {place} ({refused.strerror or error}); "
            f"{mend_of(refused)} and run the same command again: it goes on from the last good checkpoint."
        ) from error
    for old in _paths(folder)[KEPT:]:
        if _step_of(old) not in kept:
            old.unlink()
            old.with_suffix(".json").unlink(missing_ok=True)


def _said_by_system(error: BaseException) -> OSError:
    """What the system said, or nothing; of a full disk torch makes a RuntimeError, while it handles that."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause
        cause = cause.__context__
    return OSError()


def newest_checkpoint(folder: Path) -> Checkpoint | None:
    """The checkpoint that a training goes on from: the last good one below a run's folder, None where there is none.

    One that is cut short or altered is named and passed over, since the one before it leads to the same bits.
    """
    files = SealedFiles(folder)
    for path in _paths(folder):
        try:
            return read_checkpoint(path, files)
        except LikenessError as error:
            log.warning("%s The one before it is used.", error)
    return None


def good_checkpoints(folder: Path) -> Iterator[GoodCheckpoint]:
    """The good checkpoints below a run's folder, the newest first; others are named and passed over."""
    files = SealedFiles(folder)
    for path in _paths(folder):
        try:
            step = read_checkpoint(path, files).step
        except LikenessError as error:
            log.warning("%s The one before it is used.", error)
            continue
        yield GoodCheckpoint(step, *_noted_heads(path.with_suffix(".json")))


def checkpoint_of(run: Path, step: int | None = None) -> Checkpoint:
    """What a run trained: the checkpoint that it chose and no other in its place, or that of a `step` on purpose.

    Raises:
        LikenessError: it is not there, is cut short, or is not the one that the record of the run names.
    """
    files, paths = SealedFiles(run), {_step_of(path): path for path in _paths(run)}
    if not paths and step is None:
        raise LikenessError(f"{run} has no checkpoint that can be read; has this run trained?")
    wanted = _chosen_of(files, paths) if step is None else step
    others = [each for each in sorted(paths) if each != wanted]
    if wanted not in paths:
        has = f"it has {_of_steps(others)}" if others else "it has none"
        raise LikenessError(f"{_path_of(run, wanted)}, the checkpoint of step {wanted}, is missing: {has}.")
    try:
        return read_checkpoint(paths[wanted], files)
    except LikenessError as error:
        older = (
            f"; evaluate, verify, detect, align and stylize take another on purpose, with --checkpoint={others[-1]}"
            if others
            else ""
        )
        raise LikenessError(
            f"{str(error).rstrip('.')}: put it back as it was, or train again{older}."
        ) from error


def measured_step(run: Path) -> int:
    """The step of the checkpoint that a run was measured by, and that its threshold belongs to; 0 where it has none."""
    paths = {_step_of(path): path for path in _paths(run)}
    return _chosen_of(SealedFiles(run), paths)


def load_part(network: nn.Module, name: str, checkpoint: Checkpoint, run: Path | str) -> None:
    """Give a network the weights that stand under its name in a run's checkpoint.

    Raises:
        LikenessError: they are another network's.
    """
    prefix, weights = f"{name}.", checkpoint.trained.items()
    own = {key.removeprefix(prefix): value for key, value in weights if key.startswith(prefix)}
    try:
        network.load_state_dict(own)
    except RuntimeError as error:
        raise LikenessError(
            f"The checkpoints of {run} hold another network's weights than the configuration describes."
        ) from error


def read_checkpoint(path: Path, files: SealedFiles) -> Checkpoint:
    """The checkpoint in a file of a run.

    Raises:
        LikenessError: it is cut short, or altered since it was written.
    """
    recorded = files.hash_of(path.relative_to(files.folder).as_posix())
    try:
        with path.open("rb") as file:
            if recorded is not None:
                return _read_by_digest(file, recorded)
            return _read_by_hashes(file, path, _noted_hashes(files, _step_of(path)))
    except Exception as error:  # of a file that is garbage torch and pickle have each their own
        raise LikenessError(f"The checkpoint {path} is cut short or altered.") from error


def hashes_of(checkpoint: Checkpoint) -> dict[str, str]:
    """A hash of each state in a checkpoint, by its name."""
    return {part: hash_of(state) for part, state in checkpoint.states.items()}


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
        if _step_of(path) > step:
            path.unlink()
            path.with_suffix(".json").unlink(missing_ok=True)
    cut_hashes(folder, step)


def _note_hashes(path: Path, step: int, hashes: Mapping[str, str]) -> Head:
    """Add a line to the hashes of a run, in the columns that it began with; returns what the file holds then."""
    row = {"step": str(step), **hashes}
    if not path.exists():
        write_text(path, ",".join(row) + "\n")
    with path.open("r+") as file:
        columns = file.readline().strip().split(",")
        file.seek(0, SEEK_END)
        file.write(",".join(row[column] for column in columns) + "\n")
        to_disk(file)
    return head_of(path)


def _read_by_digest(file: BufferedReader, digest: str) -> Checkpoint:
    """A checkpoint whose bytes are known; raises ValueError for others."""
    if file_digest(file, "sha256").hexdigest() != digest:
        raise ValueError("these are other bytes")
    file.seek(0)
    return _loaded(file)


def _read_by_hashes(file: BufferedReader, path: Path, noted: Mapping[str, str]) -> Checkpoint:
    """A checkpoint whose states are known, all or some; raises ValueError for others, or where nothing is known.

    What is not known of its states stands and falls with the checksum beside it.
    """
    checkpoint = _loaded(file)
    if checkpoint.states.keys() - noted.keys():
        file.seek(0)
        checkpoint = _read_by_digest(file, json.loads(path.with_suffix(".json").read_text())["sha256"])
    hashes = hashes_of(checkpoint)
    if checkpoint.step != _step_of(path) or any(hashes.get(part) != each for part, each in noted.items()):
        raise ValueError("these are other states")
    return checkpoint


def _noted_hashes(files: SealedFiles, step: int) -> dict[str, str]:
    """The hashes of the states of a checkpoint by a run's record, or by its list where it was killed."""
    rows = files.record.get("checkpoints") if files.has_ended else None
    if rows is None:
        with (
            suppress(OSError, ValueError, csv.Error),
            (files.folder / "checkpoints" / HASHES).open(newline="") as file,
        ):
            rows = list(csv.DictReader(file))
    states = set(Checkpoint._fields) - {"step"}
    found = [row for row in rows or () if str(row.get("step")) == str(step)]
    return {part: row[part] for row in found for part in states if row.get(part)}


def _chosen_of(files: SealedFiles, paths: Mapping[int, Path]) -> int:
    """The step of the checkpoint that a run hands on: its best until now where it asks for that, else its last.

    The last is that is recorded of a finished run, that is there of another.
    """
    if (rule := (files.record.get("config") or {}).get("checkpoint")) is not None:
        return best_checkpoint(files.folder, rule).step
    recorded = files.record.get("checkpoints") if files.record.get("status") == "finished" else None
    return max((each["step"] for each in recorded or ()), default=max(paths, default=0))


def _of_steps(steps: Sequence[int]) -> str:
    return f"{'that' if len(steps) == 1 else 'those'} of step {' and '.join(map(str, steps))}"


def _step_of(path: Path) -> int:
    return int(path.stem.removeprefix("step-"))


def _path_of(folder: Path, step: int) -> Path:
    return folder / "checkpoints" / f"step-{step:08d}.ckpt"


def _paths(folder: Path) -> list[Path]:
    """The checkpoints below a run's folder, the newest first."""
    found = (folder / "checkpoints").glob("step-*.ckpt")
    return sorted((path for path in found if path.stem[5:].isdecimal()), reverse=True)


class _Head(TypedDict):
    bytes: int
    sha256: str


class _Noted(TypedDict):
    metrics: NotRequired[_Head | None]
    noted: NotRequired[_Head | None]


def _noted_heads(path: Path) -> tuple[Head | None, Head | None]:
    """Of `metrics.csv` and of `hashes.csv`, by what stands beside a checkpoint."""
    with suppress(LikenessError):
        noted = read_json(path, _Noted)
        metrics, hashes = noted.get("metrics"), noted.get("noted")
        return metrics and Head(**metrics), hashes and Head(**hashes)
    return None, None


def _loaded(file: BufferedReader | Path) -> Checkpoint:
    return Checkpoint(**read_tensors(file))


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
