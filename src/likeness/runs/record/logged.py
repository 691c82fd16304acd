"""The numbers that a run logged, read from its `metrics.csv`; Lightning and torch are not needed for that."""

import csv
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple

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
        LikenessError: the run has ended, and the file was altered since.
    """
    files = SealedFiles(folder)
    if not files.has(METRICS):
        return
    with files.opened(METRICS) as file:
        whole = (line for line in TextIOWrapper(file, "utf-8", newline="") if line.endswith("\n"))
        for row in csv.DictReader(whole):
            yield Logged(int(row["step"]), row["metric"], float(row["value"]))


def logged_curves(folder: Path) -> dict[str, tuple[list[int], list[float]]]:
    """By metric the steps at which it was logged, and its values."""
    curves: dict[str, tuple[list[int], list[float]]] = {}
    for step, metric, value in read_metrics(folder):
        steps, values = curves.setdefault(metric, ([], []))
        steps.append(step)
        values.append(value)
    return curves
