"""Two runs side by side, bit for bit: the first step and field that differ, and the largest difference."""

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from likeness.config.key import compare_values
from likeness.runs.record.folder import LISTING, METRICS, REPORT, RESULTS, operating_point_file
from likeness.runs.record.record_file import read_record
from likeness.runs.record.sealed import SealedFiles, names_of_files
from likeness.runs.record.source import DIFF, hash_of_file

_ALWAYS = ("weights", "optimizer", "scheduler", "precision")
_STATES = (*_ALWAYS, "callbacks")
_ELSEWHERE = {REPORT, DIFF, LISTING}  # the page is derived; source and data were compared before


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
    result = next((Unequal(None, key, str(a), str(b)) for key, a, b in results), None)
    return result or _first_unequal_file(then, now)


def compared(then: Path, now: Path) -> str:
    """What of two finished runs is equal, and what was not compared, as the end of a sentence."""
    saved = _recorded_checkpoints(then)
    shared = [
        part
        for part in _STATES
        if all(part in each for run in (then, now) for each in _recorded_checkpoints(run).values())
    ]
    kept = set(_kept_checkpoints(then)) & set(_kept_checkpoints(now))
    states = f"{len(saved)} checkpoints ({_listed(shared)}" if saved else "no checkpoints"
    if saved and not set(_ALWAYS) <= set(shared):
        states += f"; {_listed([part for part in _ALWAYS if part not in shared])} of the {len(kept)} that are kept only"
    states += ")" if saved else ""
    files = sorted({*_files(then), *_files(now)})
    figures = [name for name in files if name.startswith("figures/")]
    others = [name for name in files if name not in figures]
    named = _listed([*others, f"{len(figures)} figures"] if figures else others)
    return (
        f"{len(metric_rows(then))} logged numbers, {states} and all results are equal, and so is each byte of {named}; "
        f"{REPORT}, which is written from these, and log.txt were not compared"
    )


def _listed(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


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
    """The first checkpoint of a step that both saved, and the last of all, of which a state differs."""
    first, second = _states(then), _states(now)
    for step in sorted(first.keys() & second.keys() | {max([*first, *second, 0])}):
        a, b = first.get(step, {}), second.get(step, {})
        both = a.keys() & b.keys() if a and b else a.keys() | b.keys()
        for part in [part for part in _STATES if part in both]:
            if a.get(part) != b.get(part):
                was, is_now = (each.get(part, "not saved")[:16] for each in (a, b))
                return Unequal(step, f"the hash of the {part}", was, is_now)
    return None


def _states(folder: Path) -> dict[int, dict[str, str]]:
    """By step the hashes of the states of each checkpoint: as they are recorded, else of the file that is kept."""
    recorded = _recorded_checkpoints(folder)
    for step, path in _kept_checkpoints(folder).items():
        row = recorded.get(step, {})
        if any(part not in row for part in _ALWAYS):
            recorded[step] = {**_hashes_in(path, folder), **row}
    return recorded


def _recorded_checkpoints(folder: Path) -> dict[int, dict[str, str]]:
    return {each["step"]: each for each in read_record(folder)["checkpoints"]}


def _kept_checkpoints(folder: Path) -> dict[int, Path]:
    return {
        int(path.stem.removeprefix("step-")): path for path in (folder / "checkpoints").glob("step-*.ckpt")
    }


def _hashes_in(path: Path, folder: Path) -> dict[str, str]:
    from likeness.runs.training.checkpoints import hashes_of, read_checkpoint  # torch

    return hashes_of(read_checkpoint(path, SealedFiles(folder)))


def _first_unequal_file(then: Path, now: Path) -> Unequal | None:
    for name in sorted({*_files(then), *_files(now)}):
        a, b = (
            hash_of_file(folder / name) if (folder / name).is_file() else "missing" for folder in (then, now)
        )
        if a != b:
            return Unequal(None, f"the hash of {name}", a[:16], b[:16])
    return None


def _files(folder: Path) -> list[str]:
    """The files that have the same bytes in a run that is reproduced; checkpoints are compared by their states."""
    return [
        name
        for name in names_of_files(folder)
        if name not in _ELSEWHERE and not name.startswith("checkpoints/")
    ]


def _results(folder: Path) -> dict[str, Any]:
    results: dict[str, Any] = json.loads((folder / RESULTS).read_text())
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
