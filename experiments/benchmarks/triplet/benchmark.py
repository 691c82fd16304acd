"""Runs the subjects named on the command line, or all, and rewrites results.json and the figure."""

import json
import platform
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import memory
import mining
import overhead
import sampling
import torch
from figure import draw

HERE = Path(__file__).parent
SUBJECTS: dict[str, Callable[[], Any]] = {
    "mixture": mining.mixture,
    "batch_hard": mining.batch_hard,
    "batch_hard_small": mining.batch_hard_small,
    "batch_hard_squared": mining.batch_hard_squared,
    "batch_hard_memory": memory.peaks,
    "batch_all": mining.batch_all,
    "all_semi_hard": mining.all_semi_hard,
    "step_overhead": overhead.of_a_run,
    "sampler": sampling.against_the_peer,
    "sampler_ten_million": sampling.ten_million,
}


def _machine() -> dict[str, Any]:
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    names = ("torch", "numpy", "pytorch-metric-learning", "open-metric-learning")
    return {
        "cpu": next(
            (line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown"
        ),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        **{name: version(name) for name in names},
    }


def main(names: list[str]) -> None:
    unknown = set(names) - set(SUBJECTS)
    if unknown:
        sys.exit(f"No subject {', '.join(sorted(unknown))}; there are {', '.join(SUBJECTS)}.")
    torch.set_num_threads(1)
    path = HERE / "results.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    results["machine"] = _machine()
    for name in names or SUBJECTS:
        print(f"{name} ...", flush=True)
        results[name] = SUBJECTS[name]()
        print(json.dumps(results[name], indent=1), flush=True)
        path.write_text(json.dumps(results, indent=1) + "\n")
    draw(results, HERE / "triplet_mining.png")


if __name__ == "__main__":
    main(sys.argv[1:])
