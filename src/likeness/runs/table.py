"""What was measured: how a value is written, `results.json`, and the table at the end of a run."""

import math
from collections.abc import Mapping
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from likeness.evaluation import Metric
from likeness.runs.record.folder import write_json


def write_results_file(folder: Path, metrics: Mapping[str, Mapping[str, Metric]]) -> None:
    """Write of each contender each metric with its sample size and, where it has one, its 95% interval."""
    content = {
        contender: {name: metric._asdict() for name, metric in measured.items()}
        for contender, measured in metrics.items()
    }
    write_json(folder / "results.json", content)


def written(metric: str, value: float | None, digits: int) -> str:
    """A value of the metric `group/name`; costs are those of the group `cost`, all others are shares."""
    if value is None or math.isnan(value):
        return "too few to tell"
    return f"{value:.5g}" if metric.startswith("cost/") else f"{100 * value:.{digits}f}"


def written_interval(metric: str, low: float | None, high: float | None, digits: int) -> str:
    """The 95% interval of such a value, or nothing where there is none."""
    if low is None or high is None:
        return ""
    return f"[{written(metric, low, digits)}, {written(metric, high, digits)}]"


def print_table(title: str, metrics: Mapping[str, Mapping[str, Metric]]) -> None:
    """Print what was measured side by side, a metric a row, with 95% intervals and sample sizes."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 0, 0, 1))
    table.add_column("", no_wrap=True)
    for encoder in metrics:
        table.add_column(escape(encoder), justify="right", no_wrap=True)
    table.add_column("count", justify="right", no_wrap=True)
    names = dict.fromkeys(name for measured in metrics.values() for name in measured)
    group = ""
    for name in names:
        if not name.startswith(group + "/"):
            group = name.partition("/")[0]
            table.add_row(f"[bold]{group}")
        cells = [measured.get(name) for measured in metrics.values()]
        count = next(cell.count for cell in cells if cell is not None)
        table.add_row(" " + name.partition("/")[2], *(_cell(name, cell) for cell in cells), f"{count:,}")
    console = Console()
    wanted = Measurement.get(console, console.options.update(max_width=1000), table).maximum
    # a narrow terminal wraps lines rather than losing digits
    wide = Console(width=max(console.width, wanted))
    wide.print(f"\n[italic]{escape(title)}")
    wide.print(table)


def _cell(name: str, metric: Metric | None) -> str:
    if metric is None:
        return ""
    interval = written_interval(name, metric.low, metric.high, digits=1)
    return escape(f"{written(name, metric.value, digits=1)} {interval}".rstrip())
