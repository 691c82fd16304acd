"""What was measured: `results.json`, and the table at the end of a run."""

from collections.abc import Mapping
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from likeness.evaluation import Metric
from likeness.runs.recipe import Presentation
from likeness.runs.record.folder import RESULTS, write_json
from likeness.runs.record.measured import as_recorded


def write_results_file(folder: Path, metrics: Mapping[str, Mapping[str, Metric]]) -> None:
    """Write of each encoder each metric with its sample size and, where it has one, its 95% interval."""
    content = {
        encoder: {name: as_recorded(metric) for name, metric in measured.items()}
        for encoder, measured in metrics.items()
    }
    write_json(folder / RESULTS, content)


def print_table(title: str, metrics: Mapping[str, Mapping[str, Metric]], presentation: Presentation) -> None:
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
        table.add_row(
            " " + name.partition("/")[2], *(_cell(name, cell, presentation) for cell in cells), f"{count:,}"
        )
    console = Console()
    wanted = Measurement.get(console, console.options.update(max_width=1000), table).maximum
    # a narrow terminal wraps lines rather than losing digits
    wide = Console(width=max(console.width, wanted))
    wide.print(f"\n[italic]{escape(title)}")
    wide.print(table)


def _cell(name: str, metric: Metric | None, presentation: Presentation) -> str:
    if metric is None:
        return ""
    interval = presentation.written_interval(name, metric.low, metric.high, digits=1)
    return escape(f"{presentation.written(name, metric.value, digits=1)} {interval}".rstrip())
