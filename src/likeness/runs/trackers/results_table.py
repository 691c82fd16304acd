"""The final metrics as a table, an encoder and metric a row, and as single numbers."""

from collections.abc import Sequence

from likeness.runs.trackers.tracker import Results

VALUES = ("value", "low", "high", "count")
COLUMNS: list[str | int] = ["encoder", "metric", *VALUES]


def table_rows(results: Results) -> list[list[str | float | None]]:
    """A row of `COLUMNS` for each encoder and metric; `low` and `high` bound the 95% interval."""
    return [
        [encoder, name, *(metric[column] for column in VALUES)]
        for encoder, metrics in results.items()
        for name, metric in metrics.items()
    ]


def single_numbers(results: Results) -> dict[str, float]:
    """The values by `encoder/metric`, without those of too few samples to tell."""
    return {
        f"{encoder}/{name}": metric["value"]
        for encoder, metrics in results.items()
        for name, metric in metrics.items()
        if metric["value"] is not None
    }


def markdown_table(results: Results) -> str:
    """The table in Markdown."""
    rows = [_markdown_row(row) for row in table_rows(results)]
    return "\n".join([_markdown_row(COLUMNS), _markdown_row(["---"] * len(COLUMNS)), *rows])


def _markdown_row(cells: Sequence[object]) -> str:
    return "| " + " | ".join("" if cell is None else str(cell) for cell in cells) + " |"
