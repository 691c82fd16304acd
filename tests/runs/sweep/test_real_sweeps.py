"""Sweeps that train, by the real command line."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tiny_words import OVERRIDES

from likeness.config.groups import CONF
from likeness.runs.record.logged import read_metrics

TRAIN = str(CONF.parent / "train.py")
# The space is wide, so that trials differ though they are short.
TPE = [
    "+sweep=tpe",
    "sweep.trials=8",
    "sweep.sampler.n_startup_trials=3",
    "sweep.pruner.n_startup_trials=2",
    "++sweep.space={loss.margin: {low: 0.05, high: 5.0}, optimizer.lr: {low: 1e-3, high: 1.0, log: true}}",
]


def test_a_grid_with_a_failing_job_ends_with_its_table_and_a_status(warm_command, tmp_path: Path) -> None:
    done = warm_command(TRAIN, "-m", *OVERRIDES, "optimizer.lr=1e30,0.002", OMP_NUM_THREADS="1")
    assert done.returncode == 1
    assert (
        done.stderr.strip()
        .splitlines()[-1]
        .startswith("likeness: 1 of 2 jobs of the sweep failed, the first one so: ")
    )
    content = the_sweep(tmp_path)
    assert [job["status"] for job in content["jobs"]] == ["failed", "finished"]
    assert "lower optimizer.lr" in content["jobs"][0]["reason"]
    assert {record["sweep"] for record in records(tmp_path)} == {content["id"]}
    assert sorted(record["status"] for record in records(tmp_path)) == ["failed", "finished"]
    folder = tmp_path / done.stdout.strip().splitlines()[-1]
    assert (folder / "sweep.json").is_file()
    run = folder / content["jobs"][1]["run"]
    validated = [row.value for row in read_metrics(run) if row.metric == "validation/accuracy"]
    assert content["jobs"][1]["values"] == [validated[-1]]
    assert content["best"] == [1]
    measured = json.loads((run / "results.json").read_text())["trained"]["verification/accuracy"]
    tested = content["tested"]
    assert (tested["metric"], tested["value"]) == ("verification/accuracy", measured["value"])
    assert (tested["low"], tested["high"]) == (measured["low"], measured["high"])


def test_a_mistake_in_a_sweep_is_one_sentence_and_leaves_nothing(warm_command, tmp_path: Path) -> None:
    done = warm_command(TRAIN, "+sweep=tpe", "++sweep.space={loss.margn: {low: 0.1, high: 1.0}}")
    assert done.returncode == 1
    assert done.stderr == "likeness: Unknown key loss.margn: did you mean margin?\n"
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_search_killed_in_the_middle_of_a_job_gives_the_same_trials_and_winner(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert start(whole, *TPE).wait() == 0
    process = start(killed, *TPE)
    while not in_the_middle_of(killed, job=4):
        assert process.poll() is None
        time.sleep(0.005)
    process.kill()
    process.wait()
    finished = {path: path.stat().st_mtime_ns for path in killed.glob("runs/*/*/results.json")}
    assert len(finished) + statuses(killed).count("pruned") == 4
    assert statuses(killed).count("running") == 1
    assert start(killed, *TPE).wait() == 0
    assert {path: path.stat().st_mtime_ns for path in finished} == finished
    assert sorted(len(record["sessions"]) for record in records(killed)) == [1] * 7 + [2]
    one, other = the_sweep(whole), the_sweep(killed)
    for content in (one, other):
        for job in content["jobs"]:
            del job["run"]
    assert one["best"] == other["best"]
    differing = ("overrides", "seal")  # each sweep's runs_dir is its own, and its seal hashes that too
    assert {**one, **dict.fromkeys(differing)} == {**other, **dict.fromkeys(differing)}
    assert "pruned" in statuses(whole)
    print(json.dumps(other, indent=1))


@pytest.mark.slow
def test_the_ranks_of_a_job_do_not_run_the_sweep_again(tmp_path: Path) -> None:
    overrides = ["-m", "loss.margin=0.1,0.2", "trainer.devices=2", "trainer.accelerator=cpu"]
    assert start(tmp_path, *overrides).wait() == 0
    assert statuses(tmp_path) == ["finished", "finished"]
    assert [job["status"] for job in the_sweep(tmp_path)["jobs"]] == ["finished", "finished"]
    for record in records(tmp_path):
        assert record["config"]["trainer"]["devices"] == 2
        assert len(record["sessions"]) == 1


def start(folder: Path, *overrides: str) -> subprocess.Popen[bytes]:
    """Start train.py in a folder."""
    folder.mkdir(exist_ok=True)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, TRAIN, *overrides, *OVERRIDES],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
    )


def in_the_middle_of(folder: Path, job: int) -> bool:
    """Whether a job, by its number, has trained some steps and is at work."""
    runs = sorted(folder.glob("runs/*/*/run.json"), key=lambda path: path.stat().st_ctime_ns)
    running = [path for path in runs if json.loads(path.read_text())["status"] == "running"]
    return len(runs) == job + 1 and any(list(path.parent.glob("checkpoints/step-*.ckpt")) for path in running)


def statuses(folder: Path) -> list[str]:
    return [record["status"] for record in records(folder)]


def the_sweep(folder: Path) -> dict[str, Any]:
    (path,) = folder.glob("runs/*/sweeps/*/sweep.json")
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in folder.glob("runs/*/*/run.json")]
