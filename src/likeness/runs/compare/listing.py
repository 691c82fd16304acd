"""What `likeness runs` does: filter past runs, sort them, and lay them out as rows."""

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from operator import eq, ge, gt, le, lt, ne
from pathlib import Path
from typing import Any, NamedTuple

from likeness.config.nearest import nearest
from likeness.errors import LikenessError
from likeness.runs.compare.sparkline import LoggedCurve
from likeness.runs.record.logged import logged_curves
from likeness.runs.record.past import MISSING, PastRun, past_runs
from likeness.runs.record.record_file import overrides_of

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": le,
    ">=": ge,
    "!=": ne,
    "=": eq,
    "<": lt,
    ">": gt,
}
NEWEST_FIRST = "-started"


class Filter(NamedTuple):
    """A comparison of what a run has under a key."""

    key: str
    operator: str
    text: str

    def passes(self, run: PastRun) -> bool:
        """Whether `run` has the key and its value compares so: numbers as numbers, anything else as words."""
        value, number = run.value(self.key), _number(self.text)
        compare = OPERATORS[self.operator]
        if value is MISSING:
            return False
        if number is not None and _is_number(value):
            return compare(value, number)
        if self.operator in {"=", "!="}:
            return compare(as_word(value), self.text)
        return number is None and isinstance(value, str) and compare(value, self.text)


def list_runs(
    runs_dir: Path,
    filters: Sequence[str],
    *,
    sort: str = NEWEST_FIRST,
    limit: int | None = None,
    curve: str | None = None,
) -> list[dict[str, Any]]:
    """A row for each run that passes all `filters`, by the names of its columns.

    Args:
        runs_dir: where the runs lie.
        filters: words such as `status=finished` or `verification/accuracy>=0.9`.
        sort: the key to sort by, with a minus for descending; runs that lack it come last.
        limit: how many rows at most.
        curve: a metric that was logged, whose curve is a column.

    Raises:
        LikenessError: a filter can't be read, no run has its key, or it orders numbers by a word.
    """
    runs = past_runs(runs_dir)
    read = [read_filter(word, runs) for word in filters]
    by, descending = sort.removeprefix("-"), sort.startswith("-")
    if runs and sort != NEWEST_FIRST:  # of damaged runs alone nobody knows when they began
        _refuse_unknown(by, runs)
    for one in read:
        _refuse_incomparable(one, runs)
    chosen = [run for run in runs if all(one.passes(run) for one in read)]
    ordered = _sorted(chosen, by, descending=descending)[:limit]
    more = [key for key in dict.fromkeys([*(one.key for one in read), by]) if key != "started"]
    rows = _rows(ordered, more)
    return rows if curve is None else _with_curves(rows, ordered, curve)


def read_filter(word: str, runs: Sequence[PastRun]) -> Filter:
    """The filter that `word` stands for, on a key that one of `runs` has.

    A metric's name may hold an equals sign itself, as `verification/tar@far=1e-3>0.5` does, so the longest known
    key counts.

    Raises:
        LikenessError: the word has no comparison, or no run has its key.
    """
    splits = [
        Filter(word[: at.start()], at.group(), word[at.end() :])
        for at in re.finditer(r"<=|>=|!=|=|<|>", word)
        if at.start()
    ]
    if not splits:
        raise LikenessError(f"{word} is not a filter; write KEY=VALUE, or !=, <, <=, > or >= in place of =.")
    known = [split for split in splits if _is_known(split.key, runs)]
    if runs and not known:
        _refuse_unknown(splits[0].key, runs)
    return max(known or splits, key=lambda split: len(split.key))


def print_rows(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows as a table on a terminal, and as tab-separated text, numbers in full, where a program reads them."""
    if not sys.stdout.isatty():
        for cells in [list(rows[0]), *(map(as_word, row.values()) for row in rows)] if rows else []:
            print(*(cell.replace("\t", " ").replace("\n", " ") for cell in cells), sep="\t")
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, caption=f"{len(rows)} runs", caption_justify="left")
    for name in rows[0] if rows else ():
        number = any(_is_number(row[name]) for row in rows)
        table.add_column(
            name, justify="right" if number else "left", overflow="fold" if name == "run" else "ellipsis"
        )
    for row in rows:
        table.add_row(*(escape(_short(value)) for value in row.values()))
    Console().print(table)


def as_word(value: Any) -> str:
    """A value as one types it: words as they are, the rest as JSON (true, null, [1,2])."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _rows(runs: Sequence[PastRun], more: Sequence[str]) -> list[dict[str, Any]]:
    """Folder, status, seed, the first metric of each task, `more` keys, and the overrides of the command line."""
    first = dict.fromkeys(next(iter(run.final)) for run in runs if run.final)
    keys = dict.fromkeys(["status", "seed", *first, *more])
    return [
        {
            "run": str(run.folder),
            **{key: "" if run.value(key) is MISSING else run.value(key) for key in keys},
            "overrides": " ".join(overrides_of(run.record) or []),
        }
        for run in runs
    ]


def _with_curves(rows: list[dict[str, Any]], runs: Sequence[PastRun], metric: str) -> list[dict[str, Any]]:
    """The rows, each with the curve of a metric; raises a LikenessError for one that none of the runs has logged."""
    logged = [logged_curves(run.folder) for run in runs]
    known = {name for curves in logged for name in curves}
    if known and metric not in known:
        raise LikenessError(f"None of these runs has logged {metric}: {nearest(metric, known)}")
    found = [LoggedCurve(*curves[metric]) if metric in curves else "" for curves in logged]
    return [{**row, f"curve of {metric}": one} for row, one in zip(rows, found, strict=True)]


def _sorted(runs: Sequence[PastRun], key: str, *, descending: bool) -> list[PastRun]:
    """Numbers before words; those that have nothing to sort by come last in either direction."""

    def place(run: PastRun) -> tuple[bool, Any]:
        value = run.value(key)
        return not _is_number(value), value if _is_number(value) else as_word(value)

    lacking = [run for run in runs if run.value(key) in (MISSING, None)]
    having = [run for run in runs if run.value(key) not in (MISSING, None)]
    return sorted(having, key=place, reverse=descending) + lacking


def _short(value: Any) -> str:
    if isinstance(value, LoggedCurve):
        return str(value)
    return f"{value:.4g}" if isinstance(value, float) else as_word(value)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_known(key: str, runs: Sequence[PastRun]) -> bool:
    return any(run.value(key) is not MISSING for run in runs)


def _refuse_incomparable(one: Filter, runs: Sequence[PastRun]) -> None:
    """Raise a LikenessError where a filter asks which numbers are less or more than what is none."""
    values = [value for run in runs if (value := run.value(one.key)) not in (MISSING, None)]
    words = any(isinstance(value, str) for value in values)
    if one.operator not in {"=", "!="} and values and not words and _number(one.text) is None:
        raise LikenessError(
            f"{one.key}{one.operator}{one.text} passes no run: {one.key} is a number, which {one.text or 'nothing'} "
            "is not."
        )


def _refuse_unknown(key: str, runs: Sequence[PastRun]) -> None:
    if not _is_known(key, runs):
        known = {name for run in runs for name in run.keys}
        raise LikenessError(
            f"No run has the key {key}; did you mean {get_close_matches(key, known, n=1, cutoff=0)[0]}?"
        )
