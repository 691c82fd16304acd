"""A run that is stopped for a while, whose worker is killed, or whose disk is full or not its own."""

import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from killing import OVERRIDES, at_call, finish, left_behind, only_run, start
from tiny import train_by

from likeness.config.check import check
from likeness.config.schema.runs import RunConfig
from likeness.errors import FileError, LikenessError, sentence
from likeness.recipes.choose import recipe_of, training_config
from likeness.runs.record.record_file import read_record

STEP = "likeness.tasks.embedding:EmbeddingTask.training_step"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_by([*OVERRIDES, f"runs_dir={tmp_path_factory.mktemp('whole')}"])


def kill_a_worker() -> None:
    """As the system does where memory runs out."""
    (worker, *_) = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    os.kill(int(worker), signal.SIGKILL)
    time.sleep(0.5)


def test_a_killed_worker_ends_in_one_sentence_and_the_same_command_goes_on(
    whole: Path, tmp_path: Path
) -> None:
    overrides = [*OVERRIDES, f"runs_dir={tmp_path}", "loader.workers=1"]
    assert finish(overrides, partial(at_call, 7, STEP, kill_a_worker)) == 1
    record = read_record(only_run(tmp_path))
    assert record["status"] == "failed"
    assert record["reason"].startswith("A loader's worker ")
    assert "free memory or lower loader.workers, then the same command goes on." in record["reason"]
    assert finish(overrides) == 0
    assert left_behind(only_run(tmp_path)) == left_behind(whole)


def test_a_run_that_is_stopped_and_continued_ends_the_same(whole: Path, tmp_path: Path) -> None:
    process = start([*OVERRIDES, f"runs_dir={tmp_path}"])
    while not list(tmp_path.glob("*/*/metrics.csv")):
        time.sleep(0.01)
        assert process.exitcode is None
    assert process.pid is not None
    for _ in range(3):
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGSTOP)
            time.sleep(0.1)
            os.kill(process.pid, signal.SIGCONT)
        time.sleep(0.05)
    process.join()
    assert process.exitcode == 0
    assert left_behind(only_run(tmp_path)) == left_behind(whole)


def test_an_error_of_several_lines_keeps_its_subject() -> None:
    assert (
        sentence(LikenessError("a  b.jpg is\n  no image:\nreplace it."))
        == "a  b.jpg is no image: replace it."
    )
    try:
        raise FileError("x.jpg is missing:\nput it back.")
    except FileError as error:
        import traceback

        worker = FileError(
            "Caught FileError in worker 0.\nOriginal " + "".join(traceback.format_exception(error))
        )
    assert sentence(worker) == "x.jpg is missing: put it back."


@pytest.mark.parametrize("name", ["x" * 256, "é" * 128, "a\nb", "a\0b", "a\x1b[31m"])
def test_a_name_that_no_file_system_takes_is_refused(name: str) -> None:
    with pytest.raises(LikenessError, match="name is a folder's name below runs_dir"):
        check({"name": name, "seed": 0, "runs_dir": "runs", "loader": {"workers": 0}}, RunConfig)


def as_nobody(action: Callable[[], None]) -> None:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    action()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_a_runs_folder_that_another_user_may_not_write_is_refused_before_training(tmp_path: Path) -> None:
    config = training_config([*OVERRIDES, f"runs_dir={tmp_path / 'runs'}"])
    recipe_of(config)
    (tmp_path / "runs").mkdir(mode=0o755)
    said = tmp_path / "said"
    said.touch()
    said.chmod(0o666)
    for folder in [tmp_path, *tmp_path.parents]:
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)

    def train() -> None:
        from likeness.runs.record.folder import create_folder

        try:
            create_folder(config.runs_dir, config.name)
        except LikenessError as error:
            said.write_text(str(error))

    if (child := os.fork()) == 0:
        as_nobody(train)
        os._exit(0)
    os.waitpid(child, 0)
    assert "can't be written (Permission denied); choose another place with runs_dir=DIR" in said.read_text()


@pytest.mark.slow
def test_two_fresh_starts_at_once_end_well(whole: Path, tmp_path: Path) -> None:
    both = [start([*OVERRIDES, f"runs_dir={tmp_path}"]) for _ in range(2)]
    for process in both:
        process.join()
    runs = [path.parent for path in tmp_path.glob("*/*/run.json")]
    assert sorted(process.exitcode or 0 for process in both) == [0] * len(runs) + [1] * (2 - len(runs))
    for run in runs:
        assert left_behind(run) == left_behind(whole)
        assert json.loads((run / "run.json").read_text())["status"] == "finished"
