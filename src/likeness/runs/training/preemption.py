"""SIGTERM, by which a scheduler takes a machine back: training saves a checkpoint at the end of the step and ends."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from likeness.errors import Preempted


class Preemption:
    """Whether this process has been asked to end since `listen`."""

    def __init__(self) -> None:
        self.asked = False

    def listen(self) -> None:
        """From now on SIGTERM is noted, and no longer ends anything by itself."""
        if _in_main_thread():
            signal.signal(signal.SIGTERM, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.asked = True


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Make SIGTERM raise `Preempted`, so that what is open is closed."""
    if not _in_main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _raise)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _raise(number: int, frame: FrameType | None) -> None:
    raise Preempted


def _in_main_thread() -> bool:
    """Only there may a handler be set; elsewhere whoever started the thread decides what SIGTERM does."""
    return threading.current_thread() is threading.main_thread()
