"""Ranks that a run forks, in place of torchrun's: each of those imports everything anew, and so does what starts them.

What is proved of the start, and of the end with the run, needs torchrun's: a run that is killed in theirs goes on in
these to the same bits (test_resume.py), and an installed copy starts them (test_installed.py).
"""

import multiprocessing
import os
import socket
import sys
from pathlib import Path

import torch

from likeness.recipes import rank
from likeness.runs.training import fit
from likeness.runs.training.launch import LAUNCHER
from likeness.runs.training.machines import Meeting


def forked_ranks_from_now_on() -> None:
    """The ranks of every run in this process are forked from it."""
    fit.fit_in_ranks = _fit_in_forked_ranks


def _fit_in_forked_ranks(folder: Path, devices: int, *, threads: int, meeting: Meeting | None = None) -> None:
    machines, machine, address, port = meeting or Meeting(1, 0, "127.0.0.1", free_port())
    torch.set_num_threads(threads)
    told = {
        LAUNCHER: str(os.getpid()),
        "TORCHELASTIC_RUN_ID": "forked",
        "MASTER_ADDR": address,
        "MASTER_PORT": str(port),
        "WORLD_SIZE": str(machines * devices),
        "LOCAL_WORLD_SIZE": str(devices),
        "GROUP_RANK": str(machine),
    }
    context = multiprocessing.get_context("fork")
    ranks = [
        context.Process(target=_rank, args=(folder, machine * devices, own, told)) for own in range(devices)
    ]
    for each in ranks:
        each.start()
    for each in ranks:
        each.join()
    assert [each.exitcode for each in ranks] == [0] * devices


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _rank(folder: Path, before: int, own: int, told: dict[str, str]) -> None:
    os.environ.update(told, RANK=str(before + own), LOCAL_RANK=str(own))
    os.environ.pop("TORCHELASTIC_USE_AGENT_STORE", None)
    sys.argv = ["rank", str(folder)]
    rank.main()
