"""`checkpoints/hashes.csv`: the hashes of what each checkpoint of a run held, those that are gone by now too."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from likeness.runs.record.folder import HASHES, write_lines


def noted_hashes(folder: Path) -> list[dict[str, Any]]:
    """By column what stands in each row of the file below a run's folder that can be read."""
    return [row for _, row in _rows(folder)]


def cut_hashes(folder: Path, step: int) -> None:
    """Leave out what was noted of checkpoints after `step`, and whatever is no row.

    Raises:
        LikenessError: the disk is full.
    """
    path = folder / "checkpoints" / HASHES
    if not path.is_file():
        return
    kept = [line for line, row in _rows(folder) if row["step"] <= step]
    if kept:
        write_lines(path, [_lines(path)[0], *kept])
    else:
        path.unlink()


def _rows(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each whole line after the header, and what it holds."""
    path = folder / "checkpoints" / HASHES
    if not path.is_file():
        return
    header, *lines = _lines(path) or [""]
    columns = header.strip().split(",")
    for line in lines:
        cells = next(csv.reader([line]), [])
        if columns[0] == "step" and len(cells) == len(columns) and line.endswith("\n") and _are_hashes(cells):
            yield line, {**dict(zip(columns, cells, strict=True)), "step": int(cells[0])}


def _lines(path: Path) -> list[str]:
    return path.read_text(errors="replace").splitlines(keepends=True)


def _are_hashes(cells: list[str]) -> bool:
    """Whether these are a step and SHA-256s."""
    step, *hashes = cells
    try:
        return step.isdecimal() and {len(bytes.fromhex(one)) for one in hashes} == {32}
    except ValueError:
        return False
