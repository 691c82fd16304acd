"""The lock of a run's folder: one process trains in it at a time, and a killed one lets go of it at once."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from likeness.errors import LikenessError

LOCK = "run.lock"

_mine: set[Path] = set()  # closing any handle of the file would let go of a lock of this process


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a run's folder.

    The lock is POSIX's: the kernel lets go of it however the process ends, and forked workers don't have it.

    Raises:
        LikenessError: another process has it.
    """
    if is_held(folder):
        raise LikenessError(f"The run {folder} is being trained by another process; wait for it, or end it.")
    with (folder / LOCK).open("w") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LikenessError(
                f"The run {folder} was just taken up by another process; wait for it."
            ) from None
        _mine.add(folder.resolve())
        try:
            yield
        finally:
            _mine.discard(folder.resolve())


def is_held(folder: Path) -> bool:
    """Whether a process, this one or another, is at work in a run's folder."""
    if folder.resolve() in _mine:
        return True
    try:
        handle = os.open(folder / LOCK, os.O_RDWR)
    except OSError:  # no lock was ever taken, or the folder is somebody else's to read
        return False
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False
