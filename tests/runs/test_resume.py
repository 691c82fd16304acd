"""A run that was killed goes on to the same bits, wherever it was killed and however it goes on."""

import json
import os
import re
import resource
import shutil
import signal
import time
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import torch
from forked_ranks import forked_ranks_from_now_on
from killing import HARD, OVERRIDES, at_call, finish, kill_self, left_behind, only_run, start
from tiny import train_by
from typer.testing import CliRunner

from likeness.cli import app
from likeness.errors import LikenessError
from likeness.runs.record.record_file import read_record, write_record

KILLED = -signal.SIGKILL


def overrides_for(folder: Path, *more: str) -> list[str]:
    return [f"runs_dir={folder}", *OVERRIDES, *HARD, *more]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("uninterrupted")
    assert finish(overrides_for(folder)) == 0
    return only_run(folder)


# Moments to be killed at. Each is given to the process of the run, and patches what is called at that moment.


def terminate_self() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def sleep() -> None:
    time.sleep(600)


def within_a_checkpoint(number: int) -> None:
    """Kill the process when half of its `number`th checkpoint is on the disk."""
    save, calls = torch.save, []

    def half(content: Any, file: Any) -> None:
        calls.append(file)
        save(content, file)
        if len(calls) == number:
            file.flush()
            os.truncate(file.fileno(), file.tell() // 2)
            kill_self()

    torch.save = half


STEP = "likeness.tasks.embedding:EmbeddingTask.training_step"
VALIDATION = "likeness.tasks.embedding:EmbeddingTask.on_validation_epoch_end"
MOMENTS = {
    "before the first step": partial(at_call, 1, STEP),
    "in the last batch of an epoch": partial(at_call, 6, STEP),
    "in the middle of accumulating": partial(at_call, 18, STEP),
    "in the validation of the last step": partial(at_call, 8, VALIDATION),
    "while the first checkpoint is written": partial(within_a_checkpoint, 1),
    "before the checkpoint is renamed": partial(at_call, 2, "likeness.runs.training.checkpoints:digest_of"),
    "while the run is measured": partial(at_call, 1, "likeness.recipes.embedding.recipe:measure"),
}
MORE_MOMENTS = {
    "in the first step, between two of its batches": partial(at_call, 2, STEP),
    "at the first batch of the next epoch": partial(at_call, 7, STEP),
    "in a validation": partial(at_call, 2, VALIDATION),
    "while the last checkpoint is written": partial(within_a_checkpoint, 3),
    "while the folder of the run is made": partial(at_call, 1, "likeness.runs.record.recording:_opened"),
}


@pytest.mark.parametrize(
    "moment",
    [pytest.param(moment, id=name) for name, moment in MOMENTS.items()]
    + [pytest.param(moment, id=name, marks=pytest.mark.slow) for name, moment in MORE_MOMENTS.items()],
)
def test_a_killed_run_goes_on_to_the_same_bits(
    moment: Callable[[], None], uninterrupted: Path, tmp_path: Path
) -> None:
    assert finish(overrides_for(tmp_path), moment) == KILLED
    assert finish(overrides_for(tmp_path)) == 0
    assert left_behind(only_run(tmp_path)) == left_behind(uninterrupted)


@pytest.fixture(scope="module")
def uninterrupted_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The run of a task that was let be."""

    @cache
    def run_of(task: str) -> Path:
        folder = tmp_path_factory.mktemp(task)
        assert finish(overrides_for(folder, f"task={task}")) == 0
        return only_run(folder)

    return run_of


@pytest.mark.parametrize(
    ("task", "step", "number"),
    [
        pytest.param("siamese", STEP, 17, marks=pytest.mark.slow),  # it trains by the code of task=embedding
        ("similarity", "likeness.tasks.similarity:SimilarityTask.training_step", 2),
        ("similarity", "likeness.tasks.similarity:SimilarityTask.training_step", 17),
    ],
)
def test_a_killed_run_of_another_task_goes_on_to_the_same_bits(
    task: str, step: str, number: int, uninterrupted_of: Callable[[str], Path], tmp_path: Path
) -> None:
    assert finish(overrides_for(tmp_path, f"task={task}"), partial(at_call, number, step)) == KILLED
    assert finish(overrides_for(tmp_path, f"task={task}")) == 0
    assert left_behind(only_run(tmp_path)) == left_behind(uninterrupted_of(task))


def test_the_moments_cover_what_they_say(uninterrupted: Path) -> None:
    """12 steps of 2 batches, epochs of 6 batches, 8 validations, 3 checkpoints: as the moments above count."""
    steps = [line.split(",")[:2] for line in (uninterrupted / "metrics.csv").read_text().splitlines()[1:]]
    assert sum(name == "train/loss" for _, name in steps) == 12
    assert sum(name == "validation/accuracy" for _, name in steps) == 8
    assert len((uninterrupted / "checkpoints" / "hashes.csv").read_text().splitlines()) == 1 + 3


@pytest.mark.parametrize(
    ("before", "after"),
    [(0, 2), pytest.param(2, 1, marks=pytest.mark.slow), pytest.param(1, 0, marks=pytest.mark.slow)],
)
def test_the_number_of_workers_may_change(
    before: int, after: int, uninterrupted: Path, tmp_path: Path
) -> None:
    moment = partial(at_call, 13, STEP)
    assert finish(overrides_for(tmp_path, f"loader.workers={before}"), moment) == KILLED
    assert finish(overrides_for(tmp_path, f"loader.workers={after}")) == 0
    assert left_behind(only_run(tmp_path)) == left_behind(uninterrupted)


def test_validation_changes_nothing(uninterrupted: Path, tmp_path: Path) -> None:
    assert finish(overrides_for(tmp_path, "trainer.val_check_interval=24")) == 0
    hashes = (only_run(tmp_path) / "checkpoints" / "hashes.csv").read_text()
    assert hashes == (uninterrupted / "checkpoints" / "hashes.csv").read_text()


def test_sigterm_saves_and_the_run_goes_on_from_that_very_step(uninterrupted: Path, tmp_path: Path) -> None:
    sigterm = partial(at_call, 11, STEP, terminate_self)  # in step 6
    assert finish(overrides_for(tmp_path), sigterm) == 1  # Preempted ends the process
    run = only_run(tmp_path)
    assert json.loads((run / "run.json").read_text())["status"] == "preempted"
    assert finish(overrides_for(tmp_path)) == 0
    assert [session["step"] for session in json.loads((run / "run.json").read_text())["sessions"]] == [0, 6]
    left, whole = left_behind(run), left_behind(uninterrupted)
    extra = set(left.pop("hashes").splitlines()) - set(whole.pop("hashes").splitlines())
    assert [line.split(",")[0] for line in extra] == ["6"]
    assert left == whole


def test_sigterm_in_the_last_step_is_not_lost(uninterrupted: Path, tmp_path: Path) -> None:
    assert finish(overrides_for(tmp_path), partial(at_call, 24, STEP, terminate_self)) == 1
    assert json.loads((only_run(tmp_path) / "run.json").read_text())["status"] == "preempted"
    assert finish(overrides_for(tmp_path)) == 0
    assert left_behind(only_run(tmp_path)) == left_behind(uninterrupted)


def test_a_finished_run_is_not_gone_on_with(uninterrupted: Path, tmp_path: Path) -> None:
    runs = uninterrupted.parents[1]
    assert finish(overrides_for(runs)) == 0
    assert len(list(runs.glob("*/*/run.json"))) == 2
    for folder in runs.glob("*/*"):
        if folder != uninterrupted:
            folder.rename(tmp_path / folder.name)


def test_a_run_from_another_source_is_left_alone(killed: Path) -> None:
    record = read_record(killed)
    record["source"]["sha256"] = "another"
    write_record(killed, record)
    assert finish(overrides_for(killed.parents[1])) == 0
    records = [read_record(path.parent) for path in killed.parent.glob("*/run.json")]
    assert sorted(record["status"] for record in records) == ["finished", "running"]


def test_the_same_command_while_a_run_is_at_work_is_refused_and_trains_nothing(tmp_path: Path) -> None:
    slow = start(overrides_for(tmp_path), partial(at_call, 1, VALIDATION, sleep))
    try:
        while not list(tmp_path.glob("*/*/run.json")):
            time.sleep(0.05)
            assert slow.exitcode is None
        with pytest.raises(LikenessError, match="the run of this very command"):
            train_by(overrides_for(tmp_path))
        done = CliRunner().invoke(app, ["resume", str(only_run(tmp_path))])
        assert re.search("Another process is at work in", done.output)
    finally:
        slow.kill()
        slow.join()
    assert read_record(only_run(tmp_path))["status"] == "running"


# What stands between a run and its going on.


@pytest.fixture(scope="module")
def killed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was killed in its ninth step, with checkpoints of steps 4 and 8."""
    folder = tmp_path_factory.mktemp("killed")
    assert finish(overrides_for(folder), partial(at_call, 17, STEP)) == KILLED
    return only_run(folder)


@pytest.fixture
def killed(killed_once: Path, tmp_path: Path) -> Path:
    """A copy of it, to be altered and gone on with."""
    copy = tmp_path / killed_once.relative_to(killed_once.parents[1])
    return Path(shutil.copytree(killed_once, copy))


def checkpoints(run: Path) -> list[str]:
    return sorted(path.name for path in (run / "checkpoints").glob("*.ckpt"))


def test_the_last_two_checkpoints_are_kept(killed: Path, uninterrupted: Path) -> None:
    assert checkpoints(killed) == ["step-00000004.ckpt", "step-00000008.ckpt"]
    assert checkpoints(uninterrupted) == ["step-00000008.ckpt", "step-00000012.ckpt"]


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def alter_one_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [cut_short, alter_one_bit])
def test_a_damaged_checkpoint_is_named_and_the_one_before_it_used(
    damage: Callable[[Path], None], killed: Path, uninterrupted: Path
) -> None:
    damage(killed / "checkpoints" / "step-00000008.ckpt")
    assert finish(overrides_for(killed.parents[1])) == 0
    said = " ".join((killed / "log.txt").read_text().split())
    assert "step-00000008.ckpt is cut short or altered. The one before it is used." in said
    assert "The training goes on from step 4 of 12" in said
    assert left_behind(killed) == left_behind(uninterrupted)


def test_without_a_good_checkpoint_a_run_begins_again(killed: Path, uninterrupted: Path) -> None:
    for path in (killed / "checkpoints").glob("*.ckpt"):
        cut_short(path)
    assert finish(overrides_for(killed.parents[1])) == 0
    assert left_behind(killed) == left_behind(uninterrupted)


def limit_file_size(limit: int) -> None:
    """From now on no file of this process may grow beyond `limit` bytes: a write fails as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))


def test_a_full_disk_ends_the_run_in_a_sentence_and_keeps_the_last_good_checkpoint(
    uninterrupted: Path, tmp_path: Path
) -> None:
    size = (uninterrupted / "checkpoints" / "step-00000012.ckpt").stat().st_size
    filled = partial(limit_file_size, size - 1)
    assert finish(overrides_for(tmp_path), partial(at_call, 11, STEP, filled)) == 1
    run = only_run(tmp_path)
    record = json.loads((run / "run.json").read_text())
    assert record["status"] == "failed"
    assert "The checkpoint of step 8 can't be written" in record["reason"]
    assert "make room and run the same command again" in record["reason"]
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == [
        "hashes.csv",
        "run.json",
        "step-00000004.ckpt",
        "step-00000004.json",
    ]
    assert finish(overrides_for(tmp_path)) == 0
    assert left_behind(run) == left_behind(uninterrupted)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("loss.margin=0.3", "loss.margin=0.3"),
        ("optimizer.lr=0.1", "optimizer.lr=0.1"),
        ("trainer.max_steps=13", "trainer.max_steps=13"),
    ],
)
def test_what_would_change_the_numbers_is_refused_by_name(word: str, name: str, killed: Path) -> None:
    done = CliRunner().invoke(app, ["resume", str(killed), word])
    assert done.exit_code == 1
    assert re.fullmatch(
        rf"likeness: {name} would change the numbers of .*; start a new run instead\.\n?", done.output
    )


def test_a_key_that_the_run_has_not_is_refused(killed: Path) -> None:
    done = CliRunner().invoke(app, ["resume", str(killed), "loader.worker=2"])
    assert done.exit_code == 1
    assert re.fullmatch(
        r"likeness: loader\.worker=2 changes no key of the run: did you mean loader\.workers\?\n?",
        done.output,
    )


TWO = ["trainer.accelerator=cpu", "trainer.devices=2", "trainer.max_steps=6", "checkpoints.every=2"]


@pytest.fixture(scope="module")
def uninterrupted_on_two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("two")
    assert finish(overrides_for(folder, *TWO), forked_ranks_from_now_on) == 0
    return only_run(folder)


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (signal.SIGKILL, "running"),
        pytest.param(signal.SIGTERM, "preempted", marks=pytest.mark.slow),
    ],
)
def test_two_processes_go_on_to_the_same_bits(
    number: signal.Signals, status: str, uninterrupted_on_two: Path, tmp_path: Path
) -> None:
    process = start(overrides_for(tmp_path, *TWO))
    while not list(tmp_path.glob("*/*/checkpoints/step-00000002.ckpt")):
        time.sleep(0.01)
        assert process.exitcode is None
    os.kill(process.pid or 0, number)
    process.join()
    run = only_run(tmp_path)
    assert json.loads((run / "run.json").read_text())["status"] == status
    assert finish(overrides_for(tmp_path, *TWO), forked_ranks_from_now_on) == 0
    left, whole = left_behind(run), left_behind(uninterrupted_on_two)
    assert set(whole.pop("hashes").splitlines()) <= set(left.pop("hashes").splitlines())
    assert left == whole
