"""Gather the evidence of an experiment from its runs: python experiments/collect.py EXPERIMENT RUN [RUN ...]

Writes experiments/EXPERIMENT/results.json: for every encoder and metric the value of each run, their mean, and the
standard deviation over the runs (ddof 1); and copies the first run's figures that show no pictures of people.
"""

import json
import shutil
import statistics
import sys
from pathlib import Path
from typing import Any

FIGURES = ("roc", "distances", "training")


def gather(runs: list[Path]) -> dict[str, Any]:
    records = [json.loads((run / "run.json").read_text()) for run in runs]
    unfinished = [
        str(run) for run, record in zip(runs, records, strict=True) if record["status"] != "finished"
    ]
    if unfinished:
        sys.exit(f"{', '.join(unfinished)} did not finish.")
    results = [json.loads((run / "results.json").read_text()) for run in runs]
    return {
        "runs": [
            {key: record[key] for key in ("name", "seed", "source", "started", "ended", "environment")}
            for record in records
        ],
        "data": records[0]["data"],
        "results": {
            encoder: {
                metric: _over([result[encoder][metric] for result in results])
                for metric in results[0][encoder]
            }
            for encoder in results[0]
        },
    }


def _over(metrics: list[dict[str, Any]]) -> dict[str, Any]:
    values = [metric["value"] for metric in metrics]
    if None in values:
        return {"values": values, "count": metrics[0]["count"]}
    deviation = {"deviation": statistics.stdev(values)} if len(values) > 1 else {}
    intervals = [[metric["low"], metric["high"]] for metric in metrics]
    return {
        "mean": statistics.mean(values),
        **deviation,
        "values": values,
        "intervals": intervals,
        "count": metrics[0]["count"],
    }


def main() -> None:
    experiment, *runs = sys.argv[1:]
    folder = Path(__file__).parent / experiment
    folder.mkdir(exist_ok=True)
    paths = [Path(run) for run in runs]
    (folder / "results.json").write_text(json.dumps(gather(paths), indent=1) + "\n")
    for figure in FIGURES:
        if (paths[0] / "figures" / f"{figure}.png").exists():
            shutil.copy(paths[0] / "figures" / f"{figure}.png", folder / f"{figure}.png")


if __name__ == "__main__":
    main()
