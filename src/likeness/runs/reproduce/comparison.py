"""Two runs side by side, bit for bit: the first step and field that differ, and the largest difference."""

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from likeness.config.key import compare_values
from likeness.runs.record.folder import operating_point_file
from likeness.runs.record.logged import METRICS


class Unequal(NamedTuple):
    """A field that differs: a metric, a hash or a result; `step` is None for what is measured at the end."""

    step: int | None
    field: str
    then: str
    now: str

    def __str__(self) -> str:
        at = "" if self.step is None else f" at step {self.step}"
        return f"{self.field}{at} was {self.then} and is {self.now}"


class Largest(NamedTuple):
    """The largest absolute difference among numbers that two runs have in common."""

    difference: float
    field: str
    numbers: int


def first_unequal(then: Path, now: Path) -> Unequal | None:
    """The first field that differs between two finished runs, by step; None where all are equal."""
    rows = metric_rows(then), metric_rows(now)
    unequal = [first_unequal_metric(*rows), _first_unequal_checkpoint(then, now)]
    found = [each for each in unequal if each is not None]
    if found:
        return min(found, key=lambda each: each.step or 0)
    results = compare_values(*(_results(folder) | _operating_point(folder) for folder in (then, now)))
    return next((Unequal(None, key, str(a), str(b)) for key, a, b in results), None)


def metric_rows(folder: Path) -> list[list[str]]:
    """The whole rows (step, metric, value) of a run's metrics as they are written, without the header."""
    path = folder / METRICS
    lines = path.read_text().splitlines(keepends=True)[1:] if path.is_file() else []
    return [line.rstrip("\n").split(",") for line in lines if line.endswith("\n")]


def first_unequal_metric(
    then: Sequence[list[str]], now: Sequence[list[str]], *, so_far: bool = False
) -> Unequal | None:
    """The first row that differs; `so_far`: the second run is still at work, and has fewer rows."""
    length = min(len(then), len(now)) if so_far else max(len(then), len(now))
    for place in range(length):
        a, b = (rows[place] if place < len(rows) else None for rows in (then, now))
        if a == b:
            continue
        step, metric, *_ = a or b or ["0", ""]
        if a and b and a[:2] == b[:2]:
            return Unequal(int(step), metric, ",".join(a[2:]), ",".join(b[2:]))
        return Unequal(
            int(step), metric, *("not logged" if row is None else f"logged as {row}" for row in (a, b))
        )
    return None


def largest_difference(then: Path, now: Path) -> Largest:
    """The largest difference among the logged metrics and the results."""
    first, second = (dict(_numbers(folder)) for folder in (then, now))
    common = [(abs(value - second[field]), field) for field, value in first.items() if field in second]
    known = [(difference, field) for difference, field in common if not math.isnan(difference)]
    difference, field = max(known, default=(math.nan, "nothing"))
    return Largest(difference, field, len(known))


def _first_unequal_checkpoint(then: Path, now: Path) -> Unequal | None:
    """The first checkpoint of a step that both saved, and the last of all, whose weights or optimizer differ."""
    first, second = (_checkpoints(folder) for folder in (then, now))
    for step in sorted(first.keys() & second.keys() | {max([*first, *second, 0])}):
        for part in ("weights", "optimizer"):
            a, b = (checkpoints.get(step, {}).get(part, "not saved") for checkpoints in (first, second))
            if a != b:
                return Unequal(step, f"the hash of the {part}", a[:16], b[:16])
    return None


def _checkpoints(folder: Path) -> dict[int, dict[str, str]]:
    record = json.loads((folder / "run.json").read_text())
    return {each["step"]: each for each in record["checkpoints"]}


def _results(folder: Path) -> dict[str, Any]:
    results: dict[str, Any] = json.loads((folder / "results.json").read_text())
    return results


def _operating_point(folder: Path) -> dict[str, Any]:
    """The operating point, where the run has chosen one."""
    path = operating_point_file(folder)
    return {"operating_point": json.loads(path.read_text())} if path.is_file() else {}


def _numbers(folder: Path) -> Iterator[tuple[str, float]]:
    for step, metric, value in metric_rows(folder):
        yield f"{metric} at step {step}", float(value)
    for encoder, metrics in _results(folder).items():
        for metric, values in metrics.items():
            if values["value"] is not None:
                yield f"{metric} of {encoder}", float(values["value"])
