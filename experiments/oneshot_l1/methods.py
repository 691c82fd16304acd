"""python experiments/oneshot_l1/methods.py prints four methods side by side, from their results.json."""

import json
from pathlib import Path
from statistics import mean
from typing import Any

HERE = Path(__file__).parent
METHODS = {
    "oneshot_l1": "absolute-difference head",
    "oneshot_chi2": "chi-squared head",
    "oneshot_siamese": "siamese, contrastive loss",
    "oneshot_triplet": "triplet, batch-hard",
}
MEASURES = {
    "oneshot_within/20way1shot": "within alphabets",
    "oneshot_across/20way1shot": "across characters",
    "verification/accuracy": "verification",
}


def main() -> None:
    """Print the table."""
    columns = ["", *MEASURES.values(), "within, by distance", "minutes", "peak GB"]
    rows = [columns, ["---", *("---:" for _ in columns[1:])], *map(_row, METHODS)]
    print("\n".join("| " + " | ".join(row) + " |" for row in rows))


def _row(name: str) -> list[str]:
    evidence = json.loads((HERE.parent / name / "results.json").read_text())
    trained = evidence["results"]["trained"]
    distance = evidence["results"].get("its distance", trained)
    costs = [run["cost"] for run in evidence["runs"]]
    return [
        f"[{METHODS[name]}](../{name}/results.md)",
        *(_share(trained[measure]) for measure in MEASURES),
        _share(distance["oneshot_within/20way1shot"]),
        f"{mean(cost['wall_s'] for cost in costs) / 60:.1f}",
        f"{max(cost['peak_memory_bytes'] for cost in costs) / 1e9:.1f}",
    ]


def _share(metric: dict[str, Any]) -> str:
    return f"{100 * metric['mean']:.1f} ± {100 * metric['deviation']:.1f}"


if __name__ == "__main__":
    main()
