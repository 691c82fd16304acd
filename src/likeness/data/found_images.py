"""The images in a folder: whatever Pillow reads, by name or by content; what else lies there is counted, by reason."""

import errno
import logging
import os
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from likeness.data.image_formats import BY_CONTENT, suffixes
from likeness.data.reading import refused
from likeness.errors import FileError

log = logging.getLogger("likeness")

NO_IMAGE = "no image that is known"
HIDDEN = "hidden"
UNOPENED = "can't be opened"
LINKED_FOLDER = "a link to a folder"
DEEPER = "a folder in it"
BESIDE = "beside the folders"

# By these the file system refuses one thing; by all others nothing can be told of what lies there.
_OF_ONE_THING = (errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)


def has_image_name(file_name: str) -> bool:
    """Whether a file is one of an image by its name alone: its suffix is known, in any case, and it is not hidden."""
    stem, dot, suffix = file_name.rpartition(".")
    return bool(stem) and stem[0] != "." and (dot + suffix).lower() in suffixes()


class LeftOut:
    """What of a folder is left out: how many things, by reason, and the first of each."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._count: dict[str, int] = {}

    def add(self, reason: str, path: str) -> None:
        """Leave out what lies at `path`."""
        self._first.setdefault(reason, path)
        self._count[reason] = self._count.get(reason, 0) + 1

    def __str__(self) -> str:
        return "; ".join(
            f"{self._count[reason]} ({reason}), such as {first}" for reason, first in self._first.items()
        )

    def say(self, folder: str | Path) -> None:
        """Log it, where there is something."""
        if self._count:
            log.warning("Left out in %s: %s.", folder, self)


def entries_of(folder: str) -> list[os.DirEntry[str]]:
    """What lies in a folder, in the order of the names.

    Raises:
        FileError: it can't be listed.
    """
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise refused(folder, error) from error


def entries_or_none(folder: str, left_out: LeftOut) -> list[os.DirEntry[str]]:
    """The same; a folder that the system refuses is left out.

    Raises:
        FileError: the system refuses more than this folder, as with a drive that is gone.
    """
    try:
        return entries_of(folder)
    except FileError as error:
        if isinstance(error.__cause__, OSError) and error.__cause__.errno in _OF_ONE_THING:
            left_out.add(UNOPENED, folder)
            return []
        raise


def images_in(folder: str | Path, left_out: LeftOut, *, deeper: bool) -> list[str]:
    """The paths of the images below `folder`, relative to it and sorted: of those in folders in it only with `deeper`.

    A link to a folder in it is not followed. What is no image, is hidden or can't be opened is put into `left_out`.

    Raises:
        FileError: the system refuses more than one thing, as with a drive that is gone.
    """
    return sorted(
        _images_in(str(folder), "", entries_or_none(str(folder), left_out), left_out, deeper=deeper)
    )


def images_among(folder: str, entries: Iterable[os.DirEntry[str]], left_out: LeftOut) -> list[str]:
    """The paths of the images among what lies in a folder and below it, as `images_in` has them with `deeper`."""
    return sorted(_images_in(folder, "", entries, left_out, deeper=True))


def _images_in(
    root: str, below: str, entries: Iterable[os.DirEntry[str]], left_out: LeftOut, *, deeper: bool
) -> list[str]:
    found: list[str] = []
    start = below and below + os.sep
    for entry in entries:
        name = start + entry.name
        folder = entry.is_dir()
        if entry.name.startswith("."):
            if folder or has_image_name(entry.name.lstrip(".")):
                left_out.add(HIDDEN, os.path.join(root, name))
        elif not folder:
            if is_image(entry, left_out):
                found.append(name)
        elif not deeper:
            left_out.add(DEEPER, os.path.join(root, name))
        elif entry.is_symlink():
            left_out.add(LINKED_FOLDER, os.path.join(root, name))
        else:
            inside = entries_or_none(entry.path, left_out)
            found.extend(_images_in(root, name, inside, left_out, deeper=True))
    return found


def is_image(entry: os.DirEntry[str], left_out: LeftOut) -> bool:
    """Whether what is no folder is an image: by its suffix, or, where that is unknown, by its first bytes."""
    if not entry.is_file() or not os.access(entry.path, os.R_OK):
        left_out.add(UNOPENED, entry.path)
        return False
    if has_image_name(entry.name):
        return True
    try:
        with Image.open(entry.path, formats=BY_CONTENT):
            return True
    except OSError as error:
        if error.errno is not None and error.errno not in _OF_ONE_THING:
            raise refused(entry.path, error) from error
        left_out.add(UNOPENED if error.errno is not None else NO_IMAGE, entry.path)
    except Exception:  # by whatever a decoder stumbles: the bytes are none that Pillow reads
        left_out.add(NO_IMAGE, entry.path)
    return False
