"""A run's folder as training leaves it, made at once."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image

from likeness.config.compose import composed
from likeness.config.key import key_of
from likeness.config.make import plain

RESULTS = {
    "trained": {
        "verification/accuracy": {"value": 0.8125, "low": 0.75, "high": 0.875, "count": 40},
        "verification/tar@far=1e-3": {"value": None, "low": None, "high": None, "count": 20},
    },
    "raw pixels": {"verification/accuracy": {"value": 0.625, "low": 0.5, "high": 0.75, "count": 40}},
}
STEPS = 7
STARTED = "2026-11-23T10:00:00.000+00:00"


def rows(steps: Iterable[int]) -> list[tuple[int, str, float]]:
    """What training logs after each of `steps`: a loss, and every third step a validation."""
    return [
        row
        for step in steps
        for row in [
            (step, "train/loss", 1 / (3 * step)),
            *([(step, "validation/accuracy", 0.1 * step)] if step % 3 == 0 else []),
        ]
    ]


def write_metrics(folder: Path, steps: Iterable[int]) -> None:
    """`metrics.csv`, put in the place of the one before."""
    lines = ["step,metric,value", *(f"{step},{name},{value!r}" for step, name, value in rows(steps))]
    (folder / "beside").write_text("\n".join(lines) + "\n")
    (folder / "beside").replace(folder / "metrics.csv")


def append_metrics(folder: Path, steps: Iterable[int]) -> None:
    with (folder / "metrics.csv").open("a") as file:
        file.writelines(f"{step},{name},{value!r}\n" for step, name, value in rows(steps))


def made_run(runs_dir: Path, overrides: Sequence[str] = (), name: str = "20261123-100000-0a1b") -> Path:
    """A folder with a record, `STEPS` steps, results and a figure; `words` as on the command line."""
    folder = runs_dir / "default" / name
    (folder / "figures").mkdir(parents=True)
    config = plain(composed("config", [f"runs_dir={runs_dir}", "seed=5", *overrides]))
    record = {
        "status": "finished",
        "started": STARTED,
        "key": key_of(config),
        "config": config,
        "source": None,
        "environment": {},
        "data": {},
        "sessions": [{"started": STARTED}],
    }
    (folder / "run.json").write_text(json.dumps(record))
    write_metrics(folder, range(1, STEPS + 1))
    (folder / "results.json").write_text(json.dumps(RESULTS))
    Image.new("RGB", (40, 30), "teal").save(folder / "figures" / "roc.png")
    return folder
