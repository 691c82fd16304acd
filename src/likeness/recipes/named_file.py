"""Local files that a configuration may name beside its data."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from likeness.data.fingerprint import Files, hash_files


def local_file(named: str | None) -> Files | None:
    """The file that a value such as `backbone.weights` names; None where it is a keyword such as `hub`, or no file."""
    path = Path(named or "").expanduser()
    return Files(path.parent, [path.name]) if path.is_file() else None


def local_files(named: Mapping[str, str | None]) -> dict[str, Files]:
    """By their part in the run the files among the values that are `named`."""
    found = {part: local_file(value) for part, value in named.items()}
    return {part: file for part, file in found.items() if file is not None}


def hashes_of(files: Mapping[str, Files]) -> dict[str, Any]:
    """By what such files are recognised."""
    return {part: {"sha256": next(hash_files(file)).sha256} for part, file in files.items()}
