"""Measures speed, memory and quality, or the one that `--only` names, and rewrites results.json, tables and figure.

`--quick` takes a few iterations of each, to see that all of it works, and writes nothing.
"""

import argparse
import json
import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import memory
import quality
import speed
import torch
from figure import draw
from networks import VGG16_WEIGHTS
from table import document

HERE = Path(__file__).parent
SUBJECTS: dict[str, Callable[[], Any]] = {
    "speed": speed.iterations,
    "memory": memory.peaks,
    "quality": quality.races,
}
QUICK: dict[str, Callable[[], Any]] = {
    "speed": lambda: speed.iterations(rounds=1),
    "memory": memory.peaks,
    "quality": lambda: quality.races(budgets=[5.0], noise_budget=5.0),
}


def _machine() -> dict[str, Any]:
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    names = (line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    return {
        "cpu": next(names, "unknown"),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "torchvision", "neural-style", "pystiche")},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=SUBJECTS)
    parser.add_argument("--quick", action="store_true")
    words = parser.parse_args()
    subjects = QUICK if words.quick else SUBJECTS
    path = HERE / "results.json"
    results = json.loads(path.read_text()) if path.exists() and not words.quick else {}
    results["machine"] = _machine()
    for name in [words.only] if words.only else subjects:
        if name == "quality" and not VGG16_WEIGHTS.exists():
            print(f"quality is left out: it needs {VGG16_WEIGHTS}; LIKENESS_SHARED says where to look.")
            continue
        print(f"{name} ...", flush=True)
        results[name] = subjects[name]()
        print(json.dumps(results[name], indent=1), flush=True)
        if not words.quick:
            path.write_text(json.dumps(results, indent=1) + "\n")
            (HERE / "results.md").write_text(document(results))
            draw(results, HERE / "style_transfer.png")


if __name__ == "__main__":
    main()
