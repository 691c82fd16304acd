"""A stop is a stop: a signal to every process of a run saves a checkpoint, and output that is gone ends nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from killing import OVERRIDES, left_behind, only_run
from tiny import train_by

from likeness.config.groups import CONF
from likeness.runs.record.logged import read_metrics

pytestmark = pytest.mark.usefixtures("without_drawing")
TRAIN = str(CONF.parent / "train.py")
LONG = ["trainer.max_steps=5000", "checkpoints.every=5000", "scheduler=constant"]


def start(folder: Path, *overrides: str, **streams: int) -> subprocess.Popen[bytes]:
    """Start train.py in a process group of its own, as `timeout` does."""
    return subprocess.Popen(
        [sys.executable, TRAIN, *overrides],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        start_new_session=True,
        **{"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, **streams},
    )


def steps_of(folder: Path) -> int:
    return max((row.step for run in folder.glob("runs/*/2*") for row in read_metrics(run)), default=0)


def stopped(folder: Path, *overrides: str) -> tuple[int, list[str]]:
    """Send SIGTERM to all processes of a training under way; its status, and what it said on the standard error."""
    process = start(folder, *overrides, *OVERRIDES, *LONG)
    while steps_of(folder) < 6:
        assert process.poll() is None, process.communicate()[1].decode()
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGTERM)
    said = process.communicate(timeout=200)[1].decode().splitlines()
    return process.returncode, said


@pytest.mark.parametrize(
    "overrides",
    [
        ["loader.workers=2"],
        pytest.param(
            ["loader.workers=1", "trainer.devices=2", "trainer.accelerator=cpu"], marks=pytest.mark.slow
        ),
    ],
    ids=["workers", "ranks with workers"],
)
def test_a_signal_to_the_group_saves_a_checkpoint(overrides: list[str], tmp_path: Path) -> None:
    status, said = stopped(tmp_path, *overrides)
    assert status == 128 + signal.SIGTERM
    assert said[-1] == "likeness: ended by SIGTERM; an unfinished run goes on with the same command"
    assert not any("Traceback" in line for line in said)
    run = only_run(tmp_path / "runs")
    assert json.loads((run / "run.json").read_text())["status"] == "preempted"
    (saved,) = run.glob("checkpoints/*.ckpt")
    assert 6 <= int(saved.stem[5:]) < 5000


@pytest.mark.slow
def test_a_sweep_stops_at_the_signal_and_goes_on_with_the_same_job(tmp_path: Path) -> None:
    status, said = stopped(tmp_path, "-m", "loss.margin=0.1,0.2", "loader.workers=2")
    assert status == 128 + signal.SIGTERM
    assert said[-1].startswith("likeness: ended by SIGTERM")
    run = only_run(tmp_path / "runs")  # the second job was not begun
    assert json.loads((run / "run.json").read_text())["status"] == "preempted"


def test_a_reader_that_has_gone_and_a_full_log_end_no_training(tmp_path: Path) -> None:
    """Both at once: nobody reads the standard output, and the standard error is on a full disk."""
    overrides = [*OVERRIDES, "loader.workers=1"]
    read, write = os.pipe()
    os.close(read)
    full = os.open("/dev/full", os.O_WRONLY)
    process = start(tmp_path, *overrides, stdout=write, stderr=full)
    os.close(write)
    os.close(full)
    assert process.wait(timeout=200) == 0
    expected = train_by([f"runs_dir={tmp_path}/whole", *OVERRIDES])
    run = only_run(tmp_path / "runs")
    assert left_behind(run) == left_behind(expected)
    assert "takes no more output" in (run / "log.txt").read_text()


@pytest.mark.parametrize(
    "words", [[TRAIN, "--help"], ["-m", "likeness", "--help"], ["-m", "likeness", "train", "--help"]]
)
def test_help_that_is_read_to_its_first_line_ends_quietly(words: list[str], tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, *words], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()  # before the first line: what is written to it fails for sure
    assert process.stderr.read() == b""
    process.wait()
