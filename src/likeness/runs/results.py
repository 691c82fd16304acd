"""What a run leaves behind of its measurements: results.json and the figures."""

from pathlib import Path

from likeness.runs.folder import write_json
from likeness.runs.measure import Measured


def write_results(folder: Path, measured: Measured) -> None:
    """Write each encoder's metrics, at full precision, with sample sizes and 95% intervals."""
    write_json(
        folder / "results.json",
        {
            encoder: {name: metric._asdict() for name, metric in metrics.items()}
            for encoder, metrics in measured.metrics.items()
        },
    )
