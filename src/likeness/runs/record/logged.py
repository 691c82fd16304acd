"""The numbers that a run logged, read from its `metrics.csv`; Lightning and torch are not needed for that."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from likeness.errors import LikenessError
from likeness.runs.record.folder import METRICS
from likeness.runs.record.sealed import SealedFiles

HEADER = "step,metric,value\n"


class Logged(NamedTuple):
    """A number that was logged after `step` steps of the optimizer."""

    step: int
    metric: str
    value: float


def read_metrics(folder: Path) -> Iterator[Logged]:
    """The rows of a run's `metrics.csv`; a last one that was cut short is left out.

    Raises:
        LikenessError: the run has ended, and the file was altered since; or a line is no such row.
    """
    files = SealedFiles(folder)
    if files.has(METRICS):
        files.refuse_altered(METRICS)
    for number, row in _rows(folder):
        if row is None:
            raise LikenessError(f"{folder / METRICS} can't be read: line {number} was altered or cut short.")
        yield row


def readable_metrics(folder: Path) -> Iterator[Logged]:
    """Those rows that can be read."""
    return (row for _, row in _rows(folder) if row is not None)


def is_whole(folder: Path) -> bool:
    """Whether every line, but for a last one that was cut short, is a row."""
    return all(row is not None for _, row in _rows(folder))


def _rows(folder: Path) -> Iterator[tuple[int, Logged | None]]:
    """The number and the content of each line, None where that is no row."""
    if not (folder / METRICS).is_file():
        return
    with (folder / METRICS).open(errors="replace") as file:
        if (header := file.readline()) != HEADER:
            yield 1, None
        if not header.endswith("\n"):
            return
        for number, line in enumerate(file, 2):
            if line.endswith("\n"):
                yield number, _row(line)


def _row(line: str) -> Logged | None:
    """Of `step,metric,value`."""
    try:
        step, metric, value = line.split(",")
        return Logged(int(step), metric, float(value))
    except ValueError:
        return None


def logged_curves(folder: Path) -> dict[str, tuple[list[int], list[float]]]:
    """By metric the steps at which it was logged, and its values; rows that can't be read are left out."""
    curves: dict[str, tuple[list[int], list[float]]] = {}
    for step, metric, value in readable_metrics(folder):
        steps, values = curves.setdefault(metric, ([], []))
        steps.append(step)
        values.append(value)
    return curves
