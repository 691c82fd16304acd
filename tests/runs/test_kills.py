"""A small run killed at seeded random moments, again and again until it has finished, ends as one that was let be.

LIKENESS_EVIDENCE=experiments/benchmarks/resume keeps the list of kills there.
"""

import json
import os
import random
import time
from pathlib import Path
from typing import Any

import pytest
from killing import HARD, OVERRIDES, finish, left_behind, only_run, start

from likeness.runs.record.logged import read_metrics

CASES = {
    "no worker": [],
    "2 workers": ["loader.workers=2"],
    "2 gloo processes": ["trainer.accelerator=cpu", "trainer.devices=2"],
}


def overrides_for(folder: Path, *more: str) -> list[str]:
    return [f"runs_dir={folder}", *OVERRIDES, *HARD, "trainer.max_steps=24", *more]


def uninterrupted(folder: Path, *more: str) -> tuple[dict[str, Any], float]:
    """What a run leaves behind that is let be, and how long it takes (seconds)."""
    begun = time.monotonic()
    assert finish(overrides_for(folder, *more)) == 0
    return left_behind(only_run(folder)), time.monotonic() - begun


def killed_until_finished(
    folder: Path, draws: random.Random, lasts: float, *more: str
) -> list[dict[str, float]]:
    """Train, kill after a random time, and train again until it finishes by itself; the kills."""
    kills: list[dict[str, float]] = []
    while True:
        process = start(overrides_for(folder, *more))
        after = draws.uniform(0.1, 0.9) * lasts
        process.join(after)
        if process.exitcode is not None:
            assert process.exitcode == 0
            return kills
        process.kill()
        process.join()
        steps = [row.step for run in folder.glob("*/*") for row in read_metrics(run)]
        saved = [int(path.stem[5:]) for path in folder.glob("*/*/checkpoints/*.ckpt")]
        kills.append(
            {"after_s": round(after, 3), "step": max(steps, default=0), "saved": max(saved, default=0)}
        )
        records = [json.loads(path.read_text()) for path in folder.glob("*/*/run.json")]
        if any(record["status"] == "finished" for record in records):  # killed on its way out
            return kills


@pytest.mark.parametrize(
    ("case", "kills"),
    [
        ("no worker", 4),
        pytest.param("no worker", 20, marks=pytest.mark.slow),
        pytest.param("2 workers", 15, marks=pytest.mark.slow),
        pytest.param("2 gloo processes", 15, marks=pytest.mark.slow),
    ],
)
def test_a_run_killed_at_random_moments_ends_as_if_it_had_been_let_be(
    case: str, kills: int, tmp_path: Path
) -> None:
    finish(
        overrides_for(tmp_path / "warm", "trainer.max_steps=2")
    )  # what is imported first is imported for all
    expected, lasts = uninterrupted(tmp_path / "whole", *CASES[case])
    draws = random.Random(kills)
    done: list[dict[str, Any]] = []
    while sum(len(run["kills"]) for run in done) < kills:
        folder = tmp_path / str(len(done))
        killed = killed_until_finished(folder, draws, lasts, *CASES[case])
        done.append({"kills": killed, "identical": left_behind(only_run(folder)) == expected})
    keep(case, {"uninterrupted_s": round(lasts, 2), "runs": done})
    assert all(run["identical"] for run in done)


def keep(case: str, evidence: dict[str, Any]) -> None:
    """Add to the evidence, where it is asked for."""
    if folder := os.environ.get("LIKENESS_EVIDENCE"):
        path = Path(folder) / "results.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps({**kept, case: evidence}, indent=1) + "\n")
