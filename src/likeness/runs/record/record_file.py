"""`run.json`, the record of a run, sealed so that an edit of it is noticed; torch is not needed to read it."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from likeness.errors import LikenessError
from likeness.runs.record.folder import finite, write_json

RECORD = "run.json"
SEAL = "seal"


def write_record(folder: Path, record: dict[str, Any]) -> None:
    """Write the record of a run, with its seal: a hash of all the rest of it.

    Raises:
        LikenessError: the disk is full or the folder is gone.
    """
    write_json(folder / RECORD, {**record, SEAL: seal_of(finite(record))})


def read_record(folder: Path) -> dict[str, Any]:
    """The record of the run in `folder`.

    Raises:
        LikenessError: there is none that can be read, or it was edited, as its seal tells; that of an early version has
            none.
    """
    record = _read(folder)
    if SEAL in record and record[SEAL] != seal_of(record):
        raise LikenessError(
            f"{folder / RECORD}, the record of the run, was edited, as its seal tells: put it back as it was, or make "
            "the run again."
        )
    return record


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


def _read(folder: Path) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads((folder / RECORD).read_text())
        if isinstance(record, dict):
            return record
    except (OSError, ValueError):
        pass
    raise LikenessError(f"{folder} has no record of a run that can be read ({RECORD}).")


def seal_of(record: dict[str, Any]) -> str:
    """What a record should be sealed with, in which every number is finite.

    It guards against a slip or an edit, not against a forger, who can seal anew.
    """
    rest = {key: value for key, value in record.items() if key != SEAL}
    return sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
