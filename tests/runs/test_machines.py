"""One run on two machines: processes that share a folder and meet over the loopback, one of which is killed."""

import json
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from forked_ranks import forked_ranks_from_now_on, free_port
from killing import at_call, left_behind, only_run
from tiny import TINY, train_by
from torch.distributed import (
    HashStore,
    TCPStore,  # type: ignore[attr-defined]  # public, though torch's types do not export it
)
from typer.testing import CliRunner
from warm import fork, nothing

from likeness.cli import app
from likeness.errors import LikenessError, Preempted
from likeness.runs.record.record_file import read_record
from likeness.runs.reproduce.rerun import on_one_machine
from likeness.runs.training import machines
from likeness.runs.training.machines import Machines, met

pytestmark = pytest.mark.usefixtures("without_drawing")

OF_TWO = [
    *TINY,
    "trainer.accelerator=cpu",
    "trainer.max_steps=6",
    "trainer.val_check_interval=2",
    "checkpoints.every=2",
]
TWO_MACHINES = [*OF_TWO, "trainer.num_nodes=2"]


def torchrun(number: int, port: int) -> dict[str, str]:
    """The variables of a machine's process, as torchrun and Ray Train set them."""
    return {"RANK": str(number), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}


def slurm(number: int, port: int) -> dict[str, str]:
    """The same by srun."""
    return {
        "SLURM_PROCID": str(number),
        "SLURM_NTASKS": "2",
        "SLURM_JOB_NODELIST": "localhost,elsewhere",
        "SLURM_JOB_ID": str(7_770_000 + port - 15_000),  # the port follows from it
    }


def a_port() -> int:
    """A free one among those that a job's number gives."""
    while True:
        with (
            suppress(OSError),
            socket.create_server(("127.0.0.1", 15_000 + secrets.randbelow(10_000))) as free,
        ):
            return int(free.getsockname()[1])


Told = Callable[[int, int], dict[str, str]]


def start_machines(
    folder: Path, *own: str, told: Told = torchrun, before: Callable[[], None] = forked_ranks_from_now_on
) -> list[BaseProcess]:
    """Start the command on both; what each says at its end lies in `said-NUMBER.json`."""
    port, words = a_port(), [*TWO_MACHINES, f"runs_dir={folder}"]
    return [
        fork(_machine, folder, number, told(number, port), [*words, *own[number : number + 1]], before)
        for number in (0, 1)
    ]


def _machine(
    folder: Path, number: int, told: dict[str, str], words: list[str], before: Callable[[], None]
) -> None:
    os.environ.update(told)
    before()
    said: str | None = None
    try:
        train_by(words)
    except LikenessError as error:
        said = str(error)
    except Preempted:
        said = "preempted"
    (folder / f"said-{number}.json").write_text(json.dumps(said))


def said(folder: Path, number: int) -> str | None:
    """What a machine said at its end; None where nothing went wrong."""
    found: str | None = json.loads((folder / f"said-{number}.json").read_text())
    return found


def ended(processes: list[BaseProcess]) -> list[int | None]:
    for process in processes:
        process.join()
    return [process.exitcode for process in processes]


@pytest.fixture(scope="module")
def of_two_devices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same training on two devices of one machine."""
    folder = tmp_path_factory.mktemp("devices")
    process = fork(
        _machine,
        folder,
        0,
        {},
        [*OF_TWO, "trainer.devices=2", f"runs_dir={folder}"],
        forked_ranks_from_now_on,
    )
    assert ended([process]) == [0]
    return only_run(folder)


@pytest.mark.parametrize("told", [torchrun, slurm])
def test_two_machines_train_one_run_to_the_bits_of_two_devices(
    told: Told, of_two_devices: Path, tmp_path: Path
) -> None:
    assert ended(start_machines(tmp_path, told=told)) == [0, 0]
    assert (said(tmp_path, 0), said(tmp_path, 1)) == (None, None)
    run = only_run(tmp_path)
    assert left_behind(run) == left_behind(of_two_devices)
    assert read_record(run)["config"]["trainer"]["num_nodes"] == 2


def wait_for_step(folder: Path, processes: list[BaseProcess]) -> None:
    while not list(folder.glob("*/*/checkpoints/step-00000002.ckpt")):
        time.sleep(0.01)
        assert [process.exitcode for process in processes] == [None, None]


@pytest.mark.parametrize("killed", [pytest.param(0, marks=pytest.mark.slow), 1])
def test_a_machine_is_killed_and_the_same_command_goes_on_to_the_same_bits(
    killed: int, of_two_devices: Path, tmp_path: Path
) -> None:
    processes = start_machines(tmp_path, before=nothing)
    wait_for_step(tmp_path, processes)
    os.kill(processes[killed].pid or 0, signal.SIGKILL)
    codes = ended(processes)
    assert codes[killed] == -signal.SIGKILL
    other = said(tmp_path, 1 - killed)
    assert other is not None
    assert "another machine has ended: the same command on all of them goes on" in other
    assert read_record(only_run(tmp_path))["status"] == ("running" if killed == 0 else "failed")

    assert ended(start_machines(tmp_path)) == [0, 0]
    left, whole = left_behind(only_run(tmp_path)), left_behind(of_two_devices)
    assert set(whole.pop("hashes").splitlines()) <= set(left.pop("hashes").splitlines())
    assert left == whole
    assert len(read_record(only_run(tmp_path))["sessions"]) == 2


@pytest.mark.slow
@pytest.mark.parametrize("asked", [0, 1])
def test_sigterm_on_one_machine_preempts_the_run_on_both(asked: int, tmp_path: Path) -> None:
    processes = start_machines(tmp_path, before=nothing)
    wait_for_step(tmp_path, processes)
    os.kill(processes[asked].pid or 0, signal.SIGTERM)
    ended(processes)
    assert (said(tmp_path, 0), said(tmp_path, 1)) == ("preempted", "preempted")
    assert read_record(only_run(tmp_path))["status"] == "preempted"


def test_fewer_machines_go_on_when_asked_and_the_record_says_from_where(tmp_path: Path) -> None:
    processes = start_machines(tmp_path)
    wait_for_step(tmp_path, processes)
    os.kill(processes[0].pid or 0, signal.SIGKILL)
    ended(processes)
    run = only_run(tmp_path)
    done = CliRunner().invoke(app, ["resume", str(run), "trainer.num_nodes=1"])
    assert done.exit_code == 0, done.output
    record = read_record(run)
    assert record["status"] == "finished"
    (change,) = record["sessions"][1]["changed"]
    assert change.startswith("trainer.num_nodes=1, 2 before: from step ")


def test_a_finished_training_needs_the_others_no_more(tmp_path: Path) -> None:
    processes = start_machines(tmp_path, before=_measured_never)
    ended(processes)
    assert said(tmp_path, 1) is None
    assert read_record(only_run(tmp_path))["status"] == "failed"
    assert ended(start_machines(tmp_path)) == [0, 0]
    assert (said(tmp_path, 0), said(tmp_path, 1)) == (None, None)
    assert read_record(only_run(tmp_path))["status"] == "finished"


def _measured_never() -> None:
    forked_ranks_from_now_on()
    at_call(1, "likeness.recipes.embedding.recipe:EmbeddingRecipe.conclude", _fail)


def _fail() -> None:
    raise LikenessError("measured never")


@pytest.mark.parametrize(
    ("own", "first", "other"),
    [
        (
            ["seed=1", "seed=2"],
            "Machine 1 has another configuration.seed than the first (2, not 1); start the same command with the same "
            "files on all machines.",
            "The first machine did not begin: Machine 1 has another configuration.seed",
        ),
        (
            ["seed=1", "trainer.accelerator=mps"],
            "Machine 1 can't take part: trainer.accelerator=mps trainer.devices=1 asks for more than this machine has",
            "trainer.accelerator=mps trainer.devices=1 asks for more",
        ),
        (
            ["trainer.accelerator=mps", "seed=1"],
            "trainer.accelerator=mps trainer.devices=1 asks for more",
            "The first machine did not begin: trainer.accelerator=mps trainer.devices=1 asks for more",
        ),
    ],
)
def test_machines_that_are_not_alike_train_nothing(
    own: list[str], first: str, other: str, tmp_path: Path
) -> None:
    ended(start_machines(tmp_path, *own))
    assert str(said(tmp_path, 0)).startswith(first)
    assert str(said(tmp_path, 1)).startswith(other)
    assert not list(tmp_path.glob("*/*/run.json"))


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (
            {},
            "trainer.num_nodes=2 needs the same command on 2 machines, started by torchrun or srun: torchrun ",
        ),
        (
            {"SLURM_PROCID": "0"},
            "trainer.num_nodes=2 needs the same command on 2 machines, started by torchrun or srun: torchrun ",
        ),
        (
            {"RANK": "0", "WORLD_SIZE": "4", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"},
            "trainer.num_nodes=2, but the command was started 4 times: start it once on each machine ",
        ),
    ],
)
def test_a_command_that_was_not_started_on_each_machine(
    told: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(LikenessError) as refused, met(2):
        pass
    assert str(refused.value).startswith(sentence)


def test_torchrun_without_num_nodes_would_be_several_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with (
        pytest.raises(
            LikenessError, match=r"^torchrun started this command 2 times.* add trainer\.num_nodes=2"
        ),
        met(1),
    ):
        pass
    monkeypatch.setenv("WORLD_SIZE", "1")
    with met(1) as alone:
        assert alone is None


def test_a_machine_that_never_comes_is_waited_for_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machines, "PATIENCE", 0.2)
    first = Machines(0, 2, "127.0.0.1", HashStore())
    with pytest.raises(
        LikenessError,
        match=r"^Machine 1 of 0 to 1 is not there after 0\.2 s; start the same command on all 2 machines",
    ):
        first.agree({})


def test_a_first_machine_that_does_not_begin_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in torchrun(0, free_port()).items():
        monkeypatch.setenv(name, value)
    heard: list[str] = []

    def other(store: Machines) -> None:
        store.agree({})
        try:
            store.invited()
        except LikenessError as error:
            heard.append(str(error))
        store.leave()

    with met(2) as first:
        assert first is not None
        monkeypatch.setenv("RANK", "1")
        with met(2) as second:
            assert second is not None
            waiting = threading.Thread(target=other, args=(second,))
            waiting.start()
            first.agree({})
            first.refuse("the disk is full")
            waiting.join()
    assert heard == ["The first machine did not begin: the disk is full"]


def test_a_restart_hears_nothing_of_the_attempt_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Torchrun keeps the store when it starts its command again (--max-restarts)."""
    port = free_port()
    store = TCPStore("127.0.0.1", port, is_master=True, wait_for_workers=False, multi_tenant=True)
    for name, value in {**torchrun(0, port), "TORCHELASTIC_USE_AGENT_STORE": "True"}.items():
        monkeypatch.setenv(name, value)
    with met(2) as first:
        assert first is not None
        first.dismiss(Path("before"))
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    monkeypatch.setattr(machines, "PATIENCE", 0.2)
    with met(2) as second:
        assert second is not None
        with pytest.raises(LikenessError, match=r"^The first machine is not there"):
            second.invited()
    del store


def test_a_folder_that_is_not_shared_is_told(tmp_path: Path) -> None:
    store = HashStore()
    first, other = (Machines(number, 2, "127.0.0.1", store) for number in (0, 1))
    first.dismiss(tmp_path / "elsewhere")
    with pytest.raises(
        LikenessError, match=r"elsewhere can't be seen from machine 1: give a runs_dir that all"
    ):
        other.invited()


def test_a_run_of_several_machines_is_run_again_on_as_many_devices_of_one() -> None:
    config = {"seed": 0, "trainer": {"devices": 4, "num_nodes": 2, "max_steps": 9}}
    assert on_one_machine(config) == {"seed": 0, "trainer": {"devices": 8, "num_nodes": 1, "max_steps": 9}}
    for before in ({"devices": 4}, {"devices": 4, "num_nodes": 1}):  # the first is of earlier versions
        assert on_one_machine({"trainer": before}) == {"trainer": before}
