"""A run on several devices: a process each, started by torchrun from the run's own resolved configuration.

python -m likeness.runs.training.launch FOLDER PARENT DEVICES [MACHINES MACHINE ADDRESS PORT]
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from likeness.errors import LikenessError, Preempted
from likeness.runs.training.machines import Meeting

FAILED = "failed-{rank}.txt"  # why a rank could not go on

LAUNCHER = "LIKENESS_LAUNCHER"  # whom a rank must not outlive

STOPPED = 128 + signal.SIGTERM
"""The exit status of a rank that SIGTERM asked to end, which saved a checkpoint before."""

_PR_SET_PDEATHSIG = 1  # Linux


def fit_in_ranks(folder: Path, devices: int, *, threads: int, meeting: Meeting | None = None) -> None:
    """Train as the configuration in `folder` says, in a process a device with so many threads each.

    Args:
        folder: the run's.
        devices: those of this machine.
        threads: of each process.
        meeting: where they meet those of other machines, if there are any.

    Raises:
        LikenessError: the process of a device failed.
        Preempted: SIGTERM asked the run to end; the ranks saved a checkpoint.
    """
    if meeting is None or meeting.machine == 0:
        for old in folder.glob(FAILED.format(rank="*")):
            old.unlink()
    arguments = [str(folder), str(os.getpid()), str(devices), *map(str, meeting or ())]
    process = subprocess.Popen(
        [sys.executable, "-m", "likeness.runs.training.launch", *arguments],
        env={**os.environ, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)},
    )
    try:
        status = process.wait()
    except BaseException:  # Preempted, or Ctrl-C: the ranks end before this process does
        process.terminate()
        process.wait()
        raise
    if status == STOPPED:  # the signal came to the ranks alone
        raise Preempted
    if status:
        said = [found.read_text(errors="replace") for found in sorted(folder.glob(FAILED.format(rank="*")))]
        otherwise = (
            _killed(status) or f"The process of a device failed (exit status {status}); its message is above."
        )
        if meeting is not None:
            otherwise += (
                " Where it says that a connection was closed, another machine has ended: the same command on all of "
                "them goes on."
            )
        raise LikenessError(next(iter(said), otherwise))


def die_with(parent: int) -> None:
    """Have the kernel kill this process when `parent`, which started it, ends, even by kill -9 (Linux only).

    A run whose ranks outlived it would be written to by them while it is resumed.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("likeness: the run that this process belongs to has ended")


def _killed(status: int) -> str | None:
    """What to say of a process that ended by a signal, by its exit status; None of another."""
    if status >= 0:
        return None
    return (
        f"The process of a device was killed ({signal.Signals(-status).name}), as happens where memory runs out: free "
        "memory, then the same command goes on."
    )


def main() -> None:
    """Be torchrun, but for no longer than the run that asked for it."""
    folder, parent, devices, *meeting = Path(sys.argv[1]), *sys.argv[2:]
    die_with(int(parent))
    os.environ[LAUNCHER] = str(os.getpid())
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.run import main as torchrun

    try:
        torchrun([*_place(meeting), "--nproc-per-node", devices, "-m", "likeness.recipes.rank", str(folder)])
    except ChildFailedError as error:  # who failed has said why, but for one that was killed
        if error.get_first_failure()[1].exitcode == STOPPED:
            sys.exit(STOPPED)  # the ranks agree on the step to end at
        # The others fail of its silence, maybe before they are looked at, or of torchrun's SIGTERM.
        for rank, failure in error.failures.items():
            if failure.exitcode != -signal.SIGTERM and (said := _killed(failure.exitcode)):
                (folder / FAILED.format(rank=rank)).write_text(said)
        sys.exit(1)
    except SignalException as stop:
        sys.exit(128 + stop.sigval)  # the ranks have saved a checkpoint


def _place(meeting: Sequence[str]) -> list[str]:
    """This machine's place among those of a meeting, as torchrun's options."""
    options = ("--nnodes", "--node-rank", "--master-addr", "--master-port")
    named = [word for pair in zip(options, meeting, strict=False) for word in pair]
    return named or ["--standalone"]


if __name__ == "__main__":
    main()
