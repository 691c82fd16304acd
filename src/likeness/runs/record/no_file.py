"""What lies in a run's folder in the place of a file and is none.

Whoever opens a pipe waits for ever, a device has no end, and what is written through a link ends up elsewhere.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from likeness.errors import LikenessError

PLACES = ("", "figures", "checkpoints")
"""The folders in a run's folder that hold its files."""

_SUFFIXES = (".json", ".yaml", ".csv", ".txt", ".lock", ".ckpt", ".html", ".png", ".diff", ".partial")
"""Of the files of a run; what is called otherwise nobody opens."""


def refuse_no_file(folder: Path) -> None:
    """Raise a LikenessError where a folder, a pipe, a device or a link that leads to no file has the name of one."""
    for entry in _entries(folder):
        try:
            mode = entry.stat().st_mode
        except OSError as error:
            if isinstance(error, FileNotFoundError) and not entry.is_symlink():
                continue  # a process at work there has taken it away meanwhile
            raise _refused(entry.path, f"a link that leads nowhere ({error.strerror})") from error
        if not S_ISREG(mode):
            raise _refused(entry.path, "a folder" if S_ISDIR(mode) else "a pipe or a device")


def refuse_link(folder: Path) -> None:
    """Raise a LikenessError where a file is a link: a run that goes on would write to what it leads to."""
    for entry in _entries(folder):
        if entry.is_symlink():
            raise LikenessError(
                f"{entry.path} is a link, and a run that goes on would write to {os.readlink(entry.path)}: put the "
                "file itself there."
            )


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """What is called like a file of a run; raises LikenessError where what should be a folder is none."""
    for place in PLACES:
        try:
            with os.scandir(folder / place) as entries:
                yield from (entry for entry in entries if entry.name.endswith(_SUFFIXES))
        except FileNotFoundError:
            if (folder / place).is_symlink():
                raise LikenessError(f"{folder / place} is a link that leads nowhere.") from None
        except OSError as error:
            raise LikenessError(f"{folder / place} can't be read as a folder ({error.strerror}).") from error


def _refused(path: str, what: str) -> LikenessError:
    return LikenessError(f"{path} is {what}, where a run has a file: put that back, or take it away.")
