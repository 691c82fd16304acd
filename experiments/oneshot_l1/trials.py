"""python experiments/oneshot_l1/trials.py RUN ... tells what runs recognise of the 400 trials of Lake et al. (2015).

Each run has been trained by `+experiment=oneshot_l1` (or another method's) with `data@test_data=oneshot_trials`.
Writes `trials.json`
beside this file, and prints the table of README.md.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from methods import METHODS

HERE = Path(__file__).parent
METRIC = "oneshot_trials/20way1shot"


def main() -> None:
    """Write the measured numbers, and print the table."""
    measured = sorted(
        (_measured(Path(run)) for run in sys.argv[1:]), key=lambda run: (run["method"], run["seed"])
    )
    (HERE / "trials.json").write_text(json.dumps(measured, indent=1) + "\n")
    by_method = defaultdict(list)
    for run in measured:
        by_method[run["method"]].append(run["results"])
    print("| | 400 trials of Lake et al. | by distance | untrained |\n| --- | ---: | ---: | ---: |")
    for method, name in METHODS.items():
        runs = by_method[method]
        if not runs:
            continue
        columns = [
            [results.get(encoder, results["trained"])[METRIC]["value"] for results in runs]
            for encoder in ("trained", "its distance", "untrained")
        ]
        print(f"| {name} | " + " | ".join(map(_share, columns)) + " |")


def _measured(run: Path) -> dict[str, Any]:
    record = json.loads((run / "run.json").read_text())
    results = json.loads((run / "results.json").read_text())
    return {
        "method": record["name"].removesuffix("_trials"),
        "seed": record["seed"],
        "commit": record["source"]["commit"],
        "results": {encoder: {METRIC: metrics[METRIC]} for encoder, metrics in results.items()},
    }


def _share(values: list[float]) -> str:
    spread = f" ± {100 * stdev(values):.1f}" if len(values) > 1 else ""
    return f"{100 * mean(values):.1f}{spread}"


if __name__ == "__main__":
    main()
