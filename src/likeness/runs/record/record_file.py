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
    """Write the record of a run, with its seal.

    Raises:
        LikenessError: the disk is full or the folder is gone.
    """
    write_sealed(folder / RECORD, record)


def read_record(folder: Path) -> dict[str, Any]:
    """The record of the run in `folder`.

    Raises:
        LikenessError: there is none that can be read, or it was edited, as its seal tells; that of an early version has
            none.
    """
    try:
        record = json.loads((folder / RECORD).read_text())
    except (OSError, ValueError):
        record = None
    if not isinstance(record, dict):
        raise LikenessError(f"{folder} has no record of a run that can be read ({RECORD}).")
    refuse_edited(folder / RECORD, record)
    return record


def write_sealed(path: Path, content: dict[str, Any]) -> None:
    """Write JSON with its seal: a hash of all the rest of it; raises as `write_record` does."""
    write_json(path, {**content, SEAL: seal_of(finite(content))})


def refuse_edited(path: Path, content: dict[str, Any]) -> None:
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


def seal_of(record: dict[str, Any]) -> str:
    """What a content should be sealed with, in which every number is finite.

    It guards against a slip or an edit, not against a forger, who can seal anew.
    """
    rest = {key: value for key, value in record.items() if key != SEAL}
    return sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
