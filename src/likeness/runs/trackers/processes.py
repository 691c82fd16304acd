"""Trackers as processes of their own: one that fails, hangs or fills its disk can't stop or slow the training."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from likeness.errors import Preempted, Pruned
from likeness.runs.trackers.tracker import NOTICE, Status

LOG = "tracker-{name}.txt"  # what a tracker says
_LOOK = 1.0  # seconds between two looks at what a tracker says
PATIENCE: dict[Status, float] = {"finished": 30, "failed": 30, "interrupted": 5}
"""Seconds that a run waits for its trackers, all together, when it ends; who takes a machine back won't wait long."""

log = logging.getLogger("likeness")


@contextmanager
def tracked(folder: Path, trackers: Iterable[str]) -> Iterator[None]:
    """Have `trackers` follow the run in `folder`, whose record is written, and wait for them when it ends.

    Args:
        folder: the run's.
        trackers: their names, keys of the run's `logger` node.
    """
    processes = [TrackerProcess(name, folder, command_line(name, folder)) for name in trackers]
    status: Status = "failed"
    try:
        yield
        status = "finished"
    except (KeyboardInterrupt, Preempted):
        status = "interrupted"
        raise
    except Pruned:
        status = "finished"  # as its sweep meant it to
        raise
    finally:
        end(processes, status, PATIENCE[status])


def command_line(name: str, folder: Path) -> list[str]:
    """By which the tracker `name` of the run in `folder` is started."""
    return [sys.executable, "-m", "likeness.runs.trackers", str(folder), name]


def end(processes: Iterable["TrackerProcess"], status: Status, patience: float) -> None:
    """Tell the trackers how the run ended, wait for them for `patience` seconds, and kill those that are left."""
    latest = time.monotonic() + patience
    try:
        for process in processes:
            process.tell(status)
        for process in processes:
            process.wait(latest - time.monotonic())
    finally:
        for process in processes:
            process.kill()


class TrackerProcess:
    """A process that follows a run; it is told of the run's end by a pipe, which breaks where the run is killed.

    Its failure is logged, once, as is what it says to the terminal, and changes nothing else.

    Args:
        name: what to call the tracker in a message.
        folder: the run's, to which the process says what it has to say.
        words: the command line.
    """

    def __init__(self, name: str, folder: Path, words: Sequence[str]) -> None:
        self.name, self.log = name, folder / LOG.format(name=name)
        self._process: subprocess.Popen[bytes] | None = None
        self._left_behind = False
        try:
            with self.log.open("ab") as output:
                self._repeated = len(self._said())  # a run that went on was told of these
                self._process = subprocess.Popen(
                    words,
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # Ctrl-C is for the run; and the tracker's own children end with it
                )
        except OSError as error:
            log.warning("The tracker %s could not be started: %s", name, error)
            return
        self._watch = threading.Thread(target=self._say_what_happens, args=[self._process], daemon=True)
        self._watch.start()

    def tell(self, status: Status) -> None:
        """Say how the run ended."""
        if self._process and self._process.stdin:
            with suppress(OSError):  # it failed before
                self._process.stdin.write(status.encode() + b"\n")
                self._process.stdin.close()

    def wait(self, seconds: float) -> None:
        """Wait for the process to end, for so long at most."""
        if self._process:
            try:
                self._process.wait(max(seconds, 0.01))
            except subprocess.TimeoutExpired:
                self._left_behind = True
                log.warning("The tracker %s hangs and was left behind; metrics.csv is complete.", self.name)

    def kill(self) -> None:
        """Leave nothing of the tracker running."""
        if self._process:
            if self._process.poll() is None:
                self._left_behind = True
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._watch.join(1)

    def _say_what_happens(self, process: subprocess.Popen[bytes]) -> None:
        """Repeat what the tracker says to the terminal, and its last words where it fails."""
        status: int | None = None
        while status is None:
            with suppress(subprocess.TimeoutExpired):
                status = process.wait(_LOOK)
            said = self._said()
            for notice in said[self._repeated :]:
                if notice.startswith(NOTICE):
                    log.warning("The tracker %s: %s", self.name, notice.removeprefix(NOTICE))
            self._repeated = len(said)
        if status and not self._left_behind:
            log.warning(
                "The tracker %s failed and the run goes on without it: %s (%s)",
                self.name,
                said[-1] if said else f"exit status {status}",
                self.log.name,
            )

    def _said(self) -> list[str]:
        """The whole lines of the log, without those that an earlier process wrote."""
        whole, _, _ = self.log.read_text(errors="replace").rpartition("\n")
        return whole.splitlines()
