"""Records of runs that never ran, made to be read back: each test says what it changes in them."""

import json
from pathlib import Path
from typing import Any

METRIC = "verification/accuracy"


def sample_record(seed: int = 0, margin: float | str = 0.2, accuracy: float = 0.9) -> dict[str, Any]:
    """A record of about 17 KB, of the shape and size that a training run writes."""
    config = {
        "name": "sample",
        "seed": seed,
        "loss": {"margin": margin, "distance": "squared"},
        "optimizer": {"lr": 1e-3, "betas": [0.9, 0.999], "fused": None},
        "trainer": {"max_steps": 4, "precision": "32"},
        "loader": {"workers": seed},
    }
    return {
        "format": 1,
        "name": "sample",
        "run": "",
        "seed": seed,
        "status": "finished",
        "started": f"2026-11-{10 + seed % 20:02}T08:00:00.000+00:00",
        "ended": f"2026-11-{10 + seed % 20:02}T08:01:00.000+00:00",
        "command": ["train.py", f"seed={seed}"],
        "overrides": [f"seed={seed}"],
        "key": f"{seed:016x}",
        "config": config,
        "source": {"commit": "c" * 40, "diff": None, "untracked": {}, "sha256": "5" * 64},
        "environment": {
            "python": "3.13.1",
            "torch": "2.15.0",
            "gpu": None,
            "packages": {f"package-{number}": f"{number}.0.{number}" for number in range(420)},
        },
        "data": {"train": {"pictures": 100, "sha256": "a" * 64}},
        "sessions": [{"started": "2026-11-10T08:00:00.000+00:00", "step": 0, "command": ["train.py"]}],
        "checkpoints": [{"step": 4, "weights": f"{seed:064x}", "optimizer": "0" * 64}],
        "metrics": {"train/loss": {"step": 4, "value": 0.25 + seed / 100}},
        "results": {
            encoder: {
                METRIC: {"value": value, "count": 40, "low": value - 0.05, "high": value + 0.05},
                "verification/tar@far=1e-1": {
                    "value": value - 0.1,
                    "count": 20,
                    "low": value - 0.2,
                    "high": 0.99,
                },
                "verification/tar@far=1e-6": {"value": None, "count": 20, "low": None, "high": None},
            }
            for encoder, value in (("trained", accuracy), ("untrained", 0.55))
        },
        "cost": {"wall_s": 60.0, "peak_memory_bytes": 2**30},
        "broken_pictures": [],
        "sweep": None,
    }


def write_sample(runs_dir: Path, record: dict[str, Any], *, loss: tuple[float, ...] = ()) -> Path:
    """The folder of a run with this record, and with these losses logged at the steps from 1 on."""
    number = len(list(runs_dir.glob("*/*")))
    folder = runs_dir / str(record["name"]) / f"20261110-080000-{number:04x}"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({**record, "run": folder.name}, indent=2))
    (folder / "config.yaml").write_text("name: sample\n")
    rows = [f"{step},train/loss,{value!r}\n" for step, value in enumerate(loss, start=1)]
    (folder / "metrics.csv").write_text("step,metric,value\n" + "".join(rows))
    (folder / "results.json").write_text(json.dumps(record["results"]))
    return folder
