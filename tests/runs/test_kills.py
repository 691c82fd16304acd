"""A small run of every task, killed again and again in the middle of its training, ends as one that was let be."""

import json
import random
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from every_task import TASKS, images_in
from kept import keep
from killing import finish, left_behind, only_run, start

from likeness.runs.record.logged import readable_metrics


def last_logged(folder: Path) -> int:
    """The last step that the run below a folder has logged, 0 where it has logged nothing."""
    return max((row.step for run in folder.glob("*/*") for row in readable_metrics(run)), default=0)


def killed_after(process: BaseProcess, folder: Path, step: int, seconds: float) -> bool:
    """Kill a run so many seconds after it has logged `step`; whether it was still at work."""
    while process.exitcode is None and last_logged(folder) < step:
        process.join(0.005)
    process.join(seconds)
    if process.exitcode is not None:
        assert process.exitcode == 0
        return False
    process.kill()
    process.join()
    return True


def killed_until_finished(overrides: list[str], folder: Path, draws: random.Random) -> list[dict[str, float]]:
    """Train, kill at a random moment after a random step to come, and train again until nothing is left; the kills."""
    kills: list[dict[str, float]] = []
    while True:
        process = start(overrides)
        step, seconds = last_logged(folder) + draws.randint(1, 5), draws.uniform(0, 0.3)
        if not killed_after(process, folder, step, seconds):
            return kills
        saved = [int(path.stem[5:]) for path in folder.glob("*/*/checkpoints/*.ckpt")]
        kills.append(
            {
                "after_step": step,
                "and_s": round(seconds, 3),
                "step": last_logged(folder),
                "saved": max(saved, default=0),
            }
        )
        records = [json.loads(path.read_text()) for path in folder.glob("*/*/run.json")]
        if any(record["status"] == "finished" for record in records):  # killed on its way out
            return kills


@pytest.mark.parametrize(
    ("task", "kills"), [("embedding", 3), *(pytest.param(task, 7, marks=pytest.mark.slow) for task in TASKS)]
)
def test_a_run_killed_at_random_moments_ends_as_if_it_had_been_let_be(
    task: str, kills: int, tmp_path: Path
) -> None:
    overrides = [*TASKS[task](images_in(tmp_path / "images"))]
    assert finish([*overrides, f"runs_dir={tmp_path}/whole"]) == 0
    expected, draws = left_behind(only_run(tmp_path / "whole")), random.Random(kills)
    done: list[dict[str, Any]] = []
    while sum(len(run["kills"]) for run in done) < kills:
        folder = tmp_path / str(len(done))
        killed = killed_until_finished([*overrides, f"runs_dir={folder}"], folder, draws)
        done.append({"kills": killed, "identical": left_behind(only_run(folder)) == expected})
    keep("kills.json", **{task: done})
    assert all(run["identical"] for run in done)
