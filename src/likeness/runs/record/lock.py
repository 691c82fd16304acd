"""The lock of a run's folder: one process trains in it at a time, and a killed one lets go of it at once."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from likeness.errors import LikenessError, mend_of
from likeness.runs.record.no_file import refuse_link, refuse_no_file

LOCK = "run.lock"

_mine: set[Path] = set()  # closing any handle of the file would let go of a lock of this process


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a run's folder.

    The lock is POSIX's: the kernel lets go of it however the process ends, and forked workers don't have it.

    Raises:
        LikenessError: another process has it, or the folder can't be written to, or would lead elsewhere.
    """
    if folder.resolve() in _mine:
        raise LikenessError(f"This process is at work in {folder} already.")
    refuse_no_file(folder)
    refuse_link(folder)
    try:
        file = (folder / LOCK).open("w")
    except OSError as error:
        raise LikenessError(
            f"{folder} can't be written to ({error.strerror}); {mend_of(error)}, or go on with a copy of it."
        ) from error
    with file:
        if not _taken(file):
            raise LikenessError(f"Another process is at work in {folder}; wait for it, or end it.")
        _mine.add(folder.resolve())
        try:
            yield
        finally:
            _mine.discard(folder.resolve())


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Let one process at a time do something in a folder of runs; another one waits.

    The lock is the folder's own, so that nothing is left in it. Where a file system has none for folders, as NFS,
    nobody waits.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _taken(file: IO[str]) -> bool:
    """Whether the lock could be had; somebody who only looks has it for a moment, so it is asked for more than once."""
    for _ in range(20):
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.05)
        else:
            return True
    return False


def is_held(folder: Path) -> bool:
    """Whether a process, this one or another, is at work in a run's folder."""
    if folder.resolve() in _mine:
        return True
    try:
        handle = os.open(
            folder / LOCK, os.O_RDONLY | os.O_NONBLOCK
        )  # a pipe in its place keeps nobody waiting
    except OSError:  # no lock was ever taken, or the folder is somebody else's to read
        return False
    try:
        fcntl.lockf(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)  # any number may look at once
    except OSError:
        return True
    finally:
        os.close(handle)
    return False
