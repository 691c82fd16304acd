"""What `likeness compare` prints and draws."""

import sys
from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path
from string import ascii_uppercase
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from likeness.errors import LikenessError
from likeness.runs.compare.curves import CurveComparison, Points, compare_curves, read_curves
from likeness.runs.compare.listing import as_word
from likeness.runs.compare.source import compare_source
from likeness.runs.compare.values import compare_data_files, differing, measured
from likeness.runs.record.measured import TOO_FEW, recorded_interval
from likeness.runs.record.past import MISSING, PastRun, past_run

MOST = len(ascii_uppercase)
WIDTH = 200  # characters, where no terminal says how many
RECORDED = {
    "Data": "data",
    "Environment": "environment",
    "Weights handed on": "weights",
    "Best validation": "best",
    "Operating point": "operating_point",
}
SHOWN = 40  # packages that differ


def compare_runs(folders: Sequence[Path], figure: Path) -> None:
    """Print what differs between runs, and draw their curves over one another to `figure`.

    Raises:
        LikenessError: a folder is no run's, or what is compared of it was altered, there are fewer than two or more
            than 26, or the figure can't be written.
    """
    if not 2 <= len(folders) <= MOST:
        raise LikenessError(f"Comparing takes 2 to {MOST} runs, but {len(folders)} were named.")
    runs = {letter: past_run(folder) for letter, folder in zip(ascii_uppercase, folders, strict=False)}
    curves = {letter: read_curves(run.folder) for letter, run in runs.items()}
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    for letter, run in runs.items():
        console.print(f"[bold]{letter}[/]  {escape(str(run.folder))}  {run.status}, seed {run.value('seed')}")
    _print_values(console, "Configuration", {letter: run.config for letter, run in runs.items()})
    for title, key in RECORDED.items():
        _print_values(console, title, {letter: run.record.get(key) or {} for letter, run in runs.items()})
    _print_data_files(console, runs)
    _print_sources(console, runs)
    _print_metrics(console, runs)
    _print_curves(console, curves)
    _print_values(console, "Weights (SHA-256)", {letter: _weights(run) for letter, run in runs.items()})
    if any(curves.values()):
        _draw({f"{letter}  {runs[letter].label}": drawn for letter, drawn in curves.items()}, figure)
        print(figure)


def _weights(run: PastRun) -> dict[str, str]:
    return {f"step {one['step']}": one["weights"][:12] for one in run.record.get("checkpoints") or []}


def _print_values(console: Console, title: str, parts: Mapping[str, dict[str, Any]]) -> None:
    rows = differing(list(parts.values()))
    _print(console, title, ["", *parts], [[row.key, *map(_cell, row.values)] for row in rows[:SHOWN]])
    if len(rows) > SHOWN:
        console.print(f"and {len(rows) - SHOWN} more")


def _print_sources(console: Console, runs: Mapping[str, PastRun]) -> None:
    (_, first), *others = runs.items()
    for letter, other in others:
        lines = [[line] for line in compare_source(first, other)]
        _print(console, f"Source of A and {letter}", [""], lines)


def _print_data_files(console: Console, runs: Mapping[str, PastRun]) -> None:
    (_, first), *others = runs.items()
    for letter, other in others:
        lines = [[line] for line in compare_data_files(first, other)]
        _print(console, f"Data files of A and {letter}", [""], lines)


def _print_metrics(console: Console, runs: Mapping[str, PastRun]) -> None:
    columns = ["", *runs, *(f"{letter} - A" for letter in list(runs)[1:])]
    rows = []
    for row in measured(list(runs.values())):
        first, *others = row.runs
        rows.append([row.metric, *map(_estimate, row.runs), *(_difference(first, other) for other in others)])
    _print(console, "Final metrics [95% interval]", columns, rows, none="none")


def _print_curves(console: Console, curves: Mapping[str, dict[str, Points]]) -> None:
    (_, first), *others = curves.items()
    for letter, other in others:
        rows = [_curve_row(one) for one in compare_curves(first, other) if one.step is not None]
        title = f"Curves of A and {letter}, where they first differ"
        _print(console, title, ["", "step", "A", letter], rows, none="nowhere, they are bit-identical")


def _print(
    console: Console,
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    none: str = "the same",
) -> None:
    console.print(f"\n[bold]{title}[/]" + ("" if rows else f": {none}"))
    if rows:
        table = Table(box=SIMPLE_HEAD, pad_edge=False, show_header=any(columns), show_edge=False)
        for name in columns:
            table.add_column(name, overflow="fold")
        for row in rows:
            table.add_row(*map(escape, row))
        console.print(table)


def _cell(value: Any) -> str:
    return "-" if value is MISSING else as_word(value)


def _estimate(metric: Mapping[str, Any] | None) -> str:
    if metric is None:
        return "-"
    if metric["value"] is None:
        return TOO_FEW
    low, high = recorded_interval(metric)
    if low is None or high is None:
        return f"{metric['value']:.4g}"
    interval = TOO_FEW if isnan(low) else f"{low:.4g}, {high:.4g}"
    return f"{metric['value']:.4g} [{interval}]"


def _difference(first: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> str:
    if first is None or other is None or first["value"] is None or other["value"] is None:
        return "-"
    difference = other["value"] - first["value"]
    return f"{difference:+.4g}" if difference else "equal"


def _curve_row(one: CurveComparison) -> list[str]:
    return [one.metric, str(one.step), *("nothing" if value is None else repr(value) for value in one.values)]


def _draw(curves: dict[str, dict[str, Points]], path: Path) -> None:
    from likeness.evaluation.figures.overlaid_curves import overlaid_figure

    try:
        overlaid_figure(curves).savefig(path)
    except (OSError, ValueError) as error:  # no such folder, or no such format
        raise LikenessError(
            f"The figure {path} can't be written ({error}); choose another with --output."
        ) from error
