"""A run that is stopped for a while, whose worker is killed, or whose disk is full or not its own."""

import fcntl
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from killing import OVERRIDES, at_call, finish, left_behind, only_run, start
from small_disk import enlarge, small_disk
from tiny import train_by
from warm import Command

from likeness.config.check import check
from likeness.config.schema.runs import RunConfig
from likeness.errors import FileError, LikenessError, sentence
from likeness.recipes.choose import recipe_of, training_config
from likeness.runs.record.lock import alone_in
from likeness.runs.record.logged import readable_metrics
from likeness.runs.record.record_file import read_record
from likeness.runs.training.launch import fit_in_ranks

pytestmark = pytest.mark.usefixtures("without_drawing")
ROOT = Path(__file__).parents[2]
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


# Each rank runs this first: the second is killed, and the first fails of its silence in the same moment.
RANKS = """
import os, signal, sys, time
rank, folder = os.environ.get("LOCAL_RANK"), os.environ["TEST_FOLDER"]
if rank == "1":
    open(folder + "/killed", "w").close()
    os.kill(os.getpid(), signal.SIGKILL)
if rank == "0":
    while not os.path.exists(folder + "/killed"):
        time.sleep(0.001)
    os._exit(1)
"""


def test_a_killed_rank_is_told_as_such_though_another_fails_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(RANKS)
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.setenv("TEST_FOLDER", str(tmp_path))
    with pytest.raises(LikenessError) as told:
        fit_in_ranks(tmp_path, 2, threads=1)
    assert str(told.value) == (
        "The process of a device was killed (SIGKILL), as happens where memory runs out: free memory, "
        "then the same command goes on."
    )


def ranks_below(process: int) -> list[int]:
    """The processes of devices among the descendants of a process."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    below = [rank for child in children for rank in ranks_below(int(child))]
    return below + [int(child) for child in children if is_rank(int(child))]


def is_rank(process: int) -> bool:
    return b"likeness.recipes.rank" in Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")[-4:]


@pytest.mark.slow
def test_a_rank_killed_in_the_middle_of_training_ends_in_one_sentence_and_the_same_command_goes_on(
    tmp_path: Path,
) -> None:
    words = [*OVERRIDES, "trainer.accelerator=cpu", "trainer.devices=2"]
    assert finish([*words, f"runs_dir={tmp_path}/whole"]) == 0
    process = start([*words, f"runs_dir={tmp_path}/killed"])
    while not any(row.step >= 5 for run in tmp_path.glob("killed/*/*") for row in readable_metrics(run)):
        process.join(0.01)
        assert process.exitcode is None
    assert process.pid is not None
    os.kill(max(ranks_below(process.pid)), signal.SIGKILL)
    process.join()
    assert process.exitcode == 1
    run = only_run(tmp_path / "killed")
    record = read_record(run)
    assert record["status"] == "failed"
    assert record["reason"].startswith("The process of a device was killed (SIGKILL), ")
    assert finish([*words, f"runs_dir={tmp_path}/killed"]) == 0
    assert left_behind(run) == left_behind(only_run(tmp_path / "whole"))


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


@pytest.mark.parametrize(
    "kilobytes",
    [
        pytest.param(16, id="at the record", marks=pytest.mark.slow),
        pytest.param(300, id="at the first checkpoint", marks=pytest.mark.slow),
        pytest.param(700, id="at the second checkpoint"),
    ],
)
def test_a_full_disk_ends_in_one_sentence_and_with_room_the_same_command_goes_on(
    kilobytes: int, whole: Path, tmp_path: Path, warm_command: Command
) -> None:
    with small_disk(tmp_path / "disk", kilobytes) as disk:
        words = [str(ROOT / "train.py"), *OVERRIDES, f"runs_dir={disk}"]
        full = warm_command(*words)
        assert full.returncode == 1
        *_, sentence = full.stderr.strip().splitlines()
        assert "No space left on device" in sentence, full.stderr
        assert "Traceback" not in full.stderr
        enlarge(disk, 64 * 1024)
        again = warm_command(*words)
        assert again.returncode == 0, again.stderr
        assert left_behind(only_run(disk)) == left_behind(whole)


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


def test_a_start_that_saw_no_run_sees_the_one_that_began_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two starts at once both find nothing to go on with; the second to begin is refused, and trains nothing."""
    overrides = [*OVERRIDES, f"runs_dir={tmp_path}"]
    first = start(overrides, partial(at_call, 1, STEP, partial(time.sleep, 600)))
    try:
        while not list(tmp_path.glob("*/*/run.json")):
            assert first.is_alive()
            time.sleep(0.05)
        monkeypatch.setattr("likeness.runs.run.unfinished_run", lambda *given: None)
        with pytest.raises(
            LikenessError, match=r"Another process is at work in .*, the run of this very command"
        ):
            train_by(overrides)
    finally:
        first.kill()
        first.join()
    only_run(tmp_path)


def test_runs_of_a_name_begin_one_after_the_other(tmp_path: Path) -> None:
    handle = os.open(tmp_path, os.O_RDONLY)
    with alone_in(tmp_path), pytest.raises(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(handle)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_of_two_fresh_starts_at_once_one_trains_at_a_time(whole: Path, tmp_path: Path) -> None:
    both = [start([*OVERRIDES, f"runs_dir={tmp_path}"]) for _ in range(2)]
    for process in both:
        process.join()
    runs = [path.parent for path in sorted(tmp_path.glob("*/*/run.json"))]
    assert sorted(process.exitcode or 0 for process in both) == [0] * len(runs) + [1] * (2 - len(runs))
    for run in runs:
        assert left_behind(run) == left_behind(whole)
    records = [read_record(run) for run in runs]
    assert all(one["ended"] <= other["started"] for one, other in pairwise(records))
