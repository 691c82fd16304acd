"""`run.json`, the record of a run, sealed so that an edit of it is noticed; torch is not needed to read it."""

import json
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from likeness.errors import LikenessError
from likeness.runs.record.folder import finite, write_json
from likeness.runs.record.json_file import read_json
from likeness.runs.record.shape import Record

RECORD = "run.json"
SEAL = "seal"

_COPY = f"checkpoints/{RECORD}"


def write_record(folder: Path, record: dict[str, Any]) -> None:
    """Write the record of a run, with its seal.

    Raises:
        LikenessError: the disk is full or the folder is gone.
    """
    write_json(folder / RECORD, sealed(record))


def write_begun(folder: Path, record: dict[str, Any]) -> None:
    """Write the record of a run that begins or goes on, and a copy, which stands in for it until the run has ended.

    Raises:
        LikenessError: as `write_record`.
    """
    write_json(folder / _COPY, sealed(record))
    write_record(folder, record)


def drop_copy(folder: Path) -> None:
    """Take away the copy, where the run never goes on."""
    (folder / _COPY).unlink(missing_ok=True)


def is_damaged(folder: Path) -> bool:
    """Whether the record itself can't be read, whatever its copy says."""
    try:
        _read(folder / RECORD)
    except LikenessError:
        return True
    return False


def read_record(folder: Path) -> dict[str, Any]:
    """The record of the run in `folder`; of one that has not ended its copy, where the record is damaged.

    Raises:
        LikenessError: there is none that can be read, or it was edited, as its seal tells; that of an early version has
            none.
    """
    try:
        return _read(folder / RECORD)
    except LikenessError as error:
        with suppress(LikenessError):
            return _read(folder / _COPY)
        why = f" {error}" if (folder / RECORD).exists() else ""
        raise LikenessError(f"{folder} has no record of a run that can be read ({RECORD}).{why}") from error


def _read(path: Path) -> dict[str, Any]:
    record = dict(read_json(path, Record))
    refuse_edited(path, record)
    return record


def sealed(content: dict[str, Any]) -> dict[str, Any]:
    """A content with its seal: a hash of all the rest of it."""
    return {**content, SEAL: seal_of(finite(content))}


def refuse_edited(path: Path, content: Mapping[str, Any]) -> None:
    """Raise a LikenessError where the content of a sealed file is not what was written; an early one has no seal."""
    if SEAL in content and content[SEAL] != seal_of(content):
        raise LikenessError(
            f"{path} was edited, as its seal tells: put it back as it was, or do again what it tells of."
        )


def overrides_of(record: Mapping[str, Any]) -> list[str] | None:
    """The overrides that a run was started with, None where no command line was; earlier versions call them words."""
    overrides: list[str] | None = record.get("overrides", record.get("words"))
    return overrides


def operating_point_of(record: Mapping[str, Any]) -> dict[str, Any] | None:
    """The operating point that a run chose, None where it chose none; earlier versions call it a judge."""
    point: dict[str, Any] | None = record.get("operating_point", record.get("judge"))
    return point


def unreadable_of(record: Mapping[str, Any]) -> list[str]:
    """The images that a run could not read; earlier versions call them broken images."""
    names: list[str] = record.get("unreadable_images", record.get("broken_pictures", []))
    return names


def seal_of(record: Mapping[str, Any]) -> str:
    """What a content should be sealed with, in which every number is finite.

    It guards against a slip or an edit, not against a forger, who can seal anew.
    """
    rest = {key: value for key, value in record.items() if key != SEAL}
    return sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
