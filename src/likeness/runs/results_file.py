"""`results.json`: what was measured, at full precision."""

from collections.abc import Mapping
from pathlib import Path

from likeness.evaluation.metric import Metric
from likeness.runs.folder import write_json


def write_results_file(folder: Path, metrics: Mapping[str, Mapping[str, Metric]]) -> None:
    """Write of each contender each metric with its sample size and, where it has one, its 95% interval."""
    content = {
        contender: {name: metric._asdict() for name, metric in measured.items()}
        for contender, measured in metrics.items()
    }
    write_json(folder / "results.json", content)
