"""A tracker that fails, hangs or has no disk neither stops nor slows a run; the libraries stay outside its process."""

import json
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from made_run import made_run
from small_disk import small_disk
from tiny import TINY, train_by
from warm import Command

import likeness.runs.run
from likeness.errors import LikenessError
from likeness.runs.trackers import installed, processes, refuse_missing, tracked
from likeness.runs.trackers.tracker import NOTICE

pytestmark = pytest.mark.usefixtures("without_drawing")
OVERRIDES = [*TINY, "trainer.val_check_interval=10"]

FAILS = "raise ConnectionError('no network')"
HANGS = "import time; time.sleep(3600)"
HANGS_WITH_A_CHILD = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {HANGS!r}])
print(child.pid, flush=True)
child.wait()
"""


@pytest.fixture
def instead(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Have another program run in a tracker's place."""

    def put(program: str) -> None:
        monkeypatch.setattr(processes, "command_line", lambda name, folder: [sys.executable, "-c", program])
        monkeypatch.setattr(processes, "PATIENCE", dict.fromkeys(processes.PATIENCE, 0.5))

    return put


def test_a_failing_tracker_is_said_once(
    instead: Callable[[str], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    instead(FAILS)
    folder = made_run(tmp_path)
    with tracked(folder, ["wandb"]):
        while not caplog.records:  # it is said while the run goes on
            time.sleep(0.01)
    assert [record.getMessage() for record in caplog.records] == [
        "The tracker wandb failed and the run goes on without it: ConnectionError: no network (tracker-wandb.txt)"
    ]


def test_what_a_tracker_says_to_the_terminal_is_said_there_at_once_and_once(
    instead: Callable[[str], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    instead(f"print('a line of its own'); print('{NOTICE}no network', flush=True); {HANGS}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(processes, "_LOOK", 0.01)
        folder = made_run(tmp_path)
        (folder / "tracker-wandb.txt").write_text(f"{NOTICE}of an earlier session\n")
        with tracked(folder, ["wandb"]):
            while not caplog.records:
                time.sleep(0.01)
    said = [record.getMessage() for record in caplog.records]
    assert said[0] == "The tracker wandb: no network"
    assert [one for one in said if "network" in one or "line" in one or "earlier" in one] == said[:1]


def test_nothing_is_left_of_a_hanging_tracker(
    instead: Callable[[str], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    instead(HANGS_WITH_A_CHILD)
    folder = made_run(tmp_path)
    said = folder / "tracker-wandb.txt"
    with tracked(folder, ["wandb"]):
        while not said.read_text():
            time.sleep(0.01)
    assert "The tracker wandb hangs and was left behind; metrics.csv is complete." in caplog.text
    assert "failed" not in caplog.text
    child = int(said.read_text())
    for _ in range(500):  # the kernel takes its time over a killed process
        if not is_alive(child):
            break
        time.sleep(0.01)
    assert not is_alive(child)


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_run_ends_with_its_own_error_whatever_its_trackers_do(
    instead: Callable[[str], None], tmp_path: Path
) -> None:
    instead(HANGS)
    with pytest.raises(LikenessError, match="the loss"), tracked(made_run(tmp_path), ["wandb", "trackio"]):
        raise LikenessError("the loss")


def test_a_tracker_that_cannot_be_started_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(processes, "command_line", lambda name, folder: [str(tmp_path / "nothing")])
    with tracked(made_run(tmp_path), ["wandb"]):
        pass
    assert "The tracker wandb could not be started: " in caplog.text


def test_a_tracker_ends_with_a_run_that_is_killed(tmp_path: Path) -> None:
    folder = made_run(tmp_path, ["logger=tensorboard"])
    program = (
        "import os, signal, time\n"
        "from pathlib import Path\n"
        "from likeness.runs.trackers import tracked\n"
        f"folder = Path({str(folder)!r})\n"
        "with tracked(folder, ['tensorboard']):\n"
        "    while not list(folder.glob('tensorboard/*')): time.sleep(0.01)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -signal.SIGKILL
    while trackers_of(folder):
        time.sleep(0.01)
    assert (folder / "tracker-tensorboard.txt").read_text() == ""


def trackers_of(folder: Path) -> list[str]:
    """The command lines of processes that follow the run in `folder`."""
    lines = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(folder) in line and "likeness.runs.trackers" in line and is_alive(int(process.name)):
            lines.append(line)
    return lines


def train(folder: Path, *overrides: str) -> Path:
    return train_by([f"runs_dir={folder}", *OVERRIDES, "trainer.max_steps=10", *overrides])


def finished(folder: Path) -> bool:
    status: str = json.loads((folder / "run.json").read_text())["status"]
    return status == "finished" and (folder / "results.json").is_file()


def test_wandb_without_a_network_keeps_the_run_for_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")  # nobody answers at the port "discard"
    monkeypatch.setenv("WANDB_API_KEY", "0123456789" * 4)
    monkeypatch.setenv("WANDB_INIT_TIMEOUT", "2")
    folder = train(tmp_path, "logger=wandb", "logger.wandb.mode=online")
    assert finished(folder)
    assert "kept for wandb sync" in (folder / "tracker-wandb.txt").read_text()
    assert list(folder.glob("wandb/offline-run-*/files/media/table/results*"))


@pytest.fixture
def silent_server() -> Iterator[str]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_wandb_at_a_server_that_hangs_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, silent_server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", silent_server)
    monkeypatch.setenv("WANDB_API_KEY", "0123456789" * 4)
    monkeypatch.setattr(processes, "PATIENCE", dict.fromkeys(processes.PATIENCE, 0.5))
    folder = train(tmp_path, "logger=wandb", "logger.wandb.mode=online")
    assert finished(folder)
    assert "The tracker wandb hangs and was left behind" in (folder / "log.txt").read_text()
    assert not trackers_of(folder)


LIMITED = """
import resource, runpy, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))
sys.argv[1:] = {arguments!r}
runpy.run_module("likeness.runs.trackers", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize("name", ["wandb", "tensorboard", "trackio", "mlflow"])
def test_a_tracker_whose_writes_fail_is_let_go_of(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def limited(name: str, folder: Path) -> list[str]:
        return [sys.executable, "-c", LIMITED.format(arguments=[str(folder), name])]

    monkeypatch.setattr(processes, "command_line", limited)
    folder = made_run(tmp_path, [f"logger={name}"])
    with tracked(folder, [name]):
        pass
    assert not trackers_of(folder)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 64) as disk:
        yield disk


def test_a_full_tracker_disk_does_not_stop_a_run(tiny_disk: Path, tmp_path: Path) -> None:
    for store in (".trackio", ".mlflow"):
        (tmp_path / "runs").mkdir(exist_ok=True)
        (tmp_path / "runs" / store).symlink_to(tiny_disk)
    folder = train(tmp_path / "runs", "logger=[trackio,mlflow]")
    assert finished(folder)
    assert "The tracker mlflow failed and the run goes on without it: " in (folder / "log.txt").read_text()


@pytest.mark.slow
def test_training_beside_a_hanging_tracker_is_as_fast(
    instead: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instead(HANGS)
    took: list[float] = []
    fit = likeness.runs.run.fit

    def timed(*arguments: object) -> object:
        begun = time.perf_counter()
        try:
            return fit(*arguments)
        finally:
            took.append(time.perf_counter() - begun)

    monkeypatch.setattr(likeness.runs.run, "fit", timed)
    for repeat in range(6):  # the first of each warms up
        for choice in ("logger=csv", "logger=wandb"):
            train(tmp_path, choice, f"seed={repeat}", "trainer.max_steps=100")
    none, hanging = (statistics.median(took[start + 2 :: 2]) for start in (0, 1))
    print(f"training beside a hanging tracker takes {hanging / none:.3f} times as long")
    assert hanging < 1.3 * none


@pytest.mark.parametrize("name", ["trackio", "mlflow", "tensorboard"])
def test_a_tracker_that_is_not_installed_is_said_before_training(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = installed.PACKAGES[name][-1]
    real = installed.find_spec
    monkeypatch.setattr(installed, "find_spec", lambda asked: None if asked == package else real(asked))
    refuse_missing(["wandb"])
    with pytest.raises(
        LikenessError, match=rf"logger={name} needs the package {package}.*pip install -e '.\[{name}\]'"
    ):
        train(tmp_path, f"logger=[wandb,{name}]")
    assert not (tmp_path / "default").exists()


def test_no_library_of_a_tracker_is_imported_by_a_run(warm_command: Command, tmp_path: Path) -> None:
    libraries = [package for packages in installed.PACKAGES.values() for package in packages]
    program = tmp_path / "program.py"
    program.write_text(
        "import sys, likeness.runs.run\n"
        "from likeness.runs.trackers import refuse_missing\n"
        f"refuse_missing({list(installed.PACKAGES)})\n"
        f"print([name for name in {libraries} if name in sys.modules])"
    )
    done = warm_command(str(program))
    assert done.stdout == "[]\n", done.stderr


def test_the_process_of_a_tracker_imports_no_torch_and_no_other_s_library() -> None:
    modules = [
        "__main__",
        "weights_and_biases",
        "event_files",
        "trackio_project",
        "mlflow_experiment",
        "dashboard",
    ]
    libraries = ["torch", "pytorch_lightning", *installed.PACKAGES]
    program = (
        "import importlib, sys\n"
        f"for module in {modules}: importlib.import_module('likeness.runs.trackers.' + module)\n"
        f"print([name for name in {libraries} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
