"""Machines that train one run: the same command runs on each, and they meet before the run begins.

The first keeps the run: its record, its checkpoints, what is measured of it. The others lend their devices, and end
when the training does. The folder of runs is one that all of them share.
"""

import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from json import dumps, loads
from pathlib import Path
from typing import Any, NamedTuple

# public, though torch's types do not export them
from torch.distributed import PrefixStore, Store, TCPStore  # type: ignore[attr-defined]

from likeness.config.key import compare_values
from likeness.errors import LikenessError, sentence

PATIENCE = 600.0
"""Seconds for which a machine waits for another."""

GRACE = 20.0
"""Seconds for which a first machine that does not begin stays to tell the others why."""

_INVITATION = "invitation"


class Meeting(NamedTuple):
    """Where the processes of all machines' devices meet."""

    machines: int
    machine: int  # this one's number
    address: str
    port: int


@dataclass(frozen=True)
class Machines:
    """The machines of a run, as seen from one of them."""

    number: int
    count: int
    address: str
    store: Store

    def agree(self, alike: Mapping[str, Any]) -> None:
        """Tell the first machine that this one is ready, by what must be alike on all; the first waits for all.

        Raises:
            LikenessError: another one is not ready in time, can't take part, or has something else.
        """
        if self.number > 0:
            self._say(f"ready {self.number}", {"alike": alike})
            return
        for other in range(1, self.count):
            said = self._heard(f"ready {other}", f"Machine {other} of 0 to {self.count - 1}")
            if "refused" in said:
                raise LikenessError(f"Machine {other} can't take part: {said['refused']}")
            for key, ours, theirs in compare_values(loads(dumps(alike)), said["alike"]):
                raise LikenessError(
                    f"Machine {other} has another {key} than the first ({theirs}, not {ours}); start the same command "
                    "with the same files on all machines."
                )

    def invite(self, folder: Path) -> Meeting:
        """As the first, have the others train in the run of `folder`."""
        with socket.create_server(("", 0)) as free:
            port = free.getsockname()[1]
        self._say(_INVITATION, {"folder": str(folder), "port": port})
        return Meeting(self.count, self.number, self.address, port)

    def dismiss(self, folder: Path) -> None:
        """As the first, let the others go: there is nothing to train in the run of `folder`."""
        self._say(_INVITATION, {"folder": str(folder), "port": None})

    def invited(self) -> tuple[Path, Meeting | None]:
        """As one of the others, the folder of the run, and where to meet; None where there is nothing to train.

        Raises:
            LikenessError: the first machine refused the run or ended, or its folder is not to be seen from here.
        """
        said = self._heard(_INVITATION, "The first machine")
        if "refused" in said:
            raise LikenessError(f"The first machine did not begin: {said['refused']}")
        folder = Path(said["folder"])
        if not (folder / "config.yaml").is_file():
            raise LikenessError(
                f"The run's folder {folder} can't be seen from machine {self.number}: give a runs_dir that all "
                "machines share."
            )
        if said["port"] is None:
            return folder, None
        return folder, Meeting(self.count, self.number, self.address, said["port"])

    def refuse(self, why: str) -> None:
        """Tell those who wait for this machine why it does not begin; the first stays a while for them to hear it."""
        with suppress(RuntimeError):  # nobody is there any more
            if self.number > 0:
                self._say(f"ready {self.number}", {"refused": why})
                return
            if self.store.check([_INVITATION]):  # nobody waits any more: their own processes tell them
                return
            self._say(_INVITATION, {"refused": why})
            end = time.monotonic() + GRACE
            others = [f"left {other}" for other in range(1, self.count)]
            while not self.store.check(others) and time.monotonic() < end:
                time.sleep(0.05)

    def leave(self) -> None:
        """Tell the first machine that this one needs it no more."""
        with suppress(RuntimeError):
            self._say(f"left {self.number}", {})

    def _say(self, key: str, what: Mapping[str, Any]) -> None:
        self.store.set(key, dumps(what))

    def _heard(self, key: str, who: str) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE
        with _lost(who):
            while not self.store.check([key]):
                if time.monotonic() > end:
                    raise LikenessError(
                        f"{who} is not there after {PATIENCE:g} s; start the same command on all {self.count} machines."
                    )
                time.sleep(0.05)
            return dict(loads(self.store.get(key)))


@contextmanager
def met(count: int) -> Iterator[Machines | None]:
    """This machine among the `count` that train a run; None where it is the only one.

    Which one it is stands in the variables of whatever started the command: torchrun's, also set by Ray Train, or
    SLURM's.

    Raises:
        LikenessError: the variables are those of another number of machines, or the first one can't be reached.
    """
    if count == 1:
        _refuse_untold()
        yield None
        return
    machines = _machines(count)
    try:
        yield machines
    except BaseException as error:
        machines.refuse(sentence(error) if isinstance(error, LikenessError) else type(error).__name__)
        raise
    finally:
        machines.leave()


def _refuse_untold() -> None:
    started = os.environ.get("WORLD_SIZE", "1")
    if "TORCHELASTIC_RUN_ID" in os.environ and started != "1":
        raise LikenessError(
            f"torchrun started this command {started} times, each of which would be a run: add "
            f"trainer.num_nodes={started} for one run on so many machines, or trainer.devices={started} without "
            "torchrun for one on so many devices."
        )


def _machines(count: int) -> Machines:
    number, started, address, port = _told(count)
    if started != count:
        raise LikenessError(
            f"trainer.num_nodes={count}, but the command was started {started} times: start it once on each machine "
            "(torchrun --nproc-per-node 1, srun --ntasks-per-node 1); it starts a process for each device by itself."
        )
    hosts = number == 0 and os.environ.get("TORCHELASTIC_USE_AGENT_STORE") != "True"
    with _lost(f"The first machine, {address}:{port},"):
        store = TCPStore(
            address,
            port,
            is_master=hosts,
            timeout=timedelta(seconds=PATIENCE),
            wait_for_workers=False,
            multi_tenant=True,
        )
    # torchrun keeps the store when it starts the command again, with what was said before
    attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    return Machines(number, count, address, PrefixStore(f"likeness/{attempt}", store))


def _told(count: int) -> tuple[int, int, str, int]:
    """This machine's number, how many were started, and the first one's address and port, as the variables say."""
    if {"SLURM_PROCID", "SLURM_NTASKS"} <= os.environ.keys() and "RANK" not in os.environ:
        return _told_by_slurm()
    try:
        told = [os.environ[name] for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")]
        return int(told[0]), int(told[1]), told[2], int(told[3])
    except (KeyError, ValueError):
        raise LikenessError(
            f"trainer.num_nodes={count} needs the same command on {count} machines, started by torchrun or srun: "
            f"torchrun --nnodes {count} --node-rank 0 --master-addr FIRST --master-port 29500 train.py ..."
        ) from None


def _told_by_slurm() -> tuple[int, int, str, int]:
    """As `_told`; the first machine is the first of the list, and the port follows from the job's number."""
    # public, though Lightning's types do not export it
    from pytorch_lightning.plugins.environments import SLURMEnvironment  # type: ignore[attr-defined]

    given = os.environ
    nodes = given.get("SLURM_STEP_NODELIST", given.get("SLURM_JOB_NODELIST", "127.0.0.1"))
    return (
        int(given["SLURM_PROCID"]),
        int(given["SLURM_NTASKS"]),
        given.get("MASTER_ADDR", SLURMEnvironment.resolve_root_node_address(nodes)),
        int(given.get("MASTER_PORT", 15_000 + int(given["SLURM_JOB_ID"]) % 10_000)),
    )


@contextmanager
def _lost(who: str) -> Iterator[None]:
    """Say of a connection that fails within the block whose it was."""
    try:
        yield
    except RuntimeError as error:
        raise LikenessError(
            f"{who} can't be reached, or has ended; its own message says why, if it began."
        ) from error
