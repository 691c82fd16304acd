"""What the file system says of a file or a folder, in one sentence; it says nothing about an image in it."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from likeness.errors import FileError, UnreadableImage

_AGAIN = "then go on with the same command"
_MENDS = {
    errno.EACCES: f"allow reading it, {_AGAIN}",
    errno.EPERM: f"allow reading it, {_AGAIN}",
    errno.EISDIR: "name a file instead",
    errno.EMFILE: f"raise the limit (ulimit -n) or use fewer loader workers, {_AGAIN}",
    errno.ENFILE: f"close files of other programs or use fewer loader workers, {_AGAIN}",
    errno.ENOMEM: f"free memory, {_AGAIN}",
}


@contextmanager
def reading(path: str | Path) -> Iterator[None]:
    """Read something of `path` in the block.

    Raises:
        FileError: the file system doesn't give it: it is missing, may not be read, too many files are open, ...
    """
    try:
        yield
    except OSError as error:
        raise refused(path, error) from error


def bytes_of(path: str | Path, name: str) -> bytes:
    """The content of a file, which is called `name` in messages.

    Raises:
        UnreadableImage: it is a pipe, a device or a socket, which may never end.
        FileError: as `reading` says.
    """
    with reading(name):
        kind = os.stat(path).st_mode
        if stat.S_ISREG(kind) or stat.S_ISDIR(kind):
            with open(path, "rb", buffering=0) as file:
                return file.readall()
    raise UnreadableImage(f"{name} is no file but a pipe, a device or a socket: replace or remove it.")


def refused(path: str | Path, error: OSError) -> FileError:
    """The sentence for what the file system says of `path`."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return FileError(f"{path} is missing: put it back, or start again without it.")
    reason = error.strerror or str(error) or type(error).__name__
    mend = _MENDS.get(error.errno or 0, f"see to the disk or the network that it lies on, {_AGAIN}")
    return FileError(f"{path} cannot be read ({reason}): {mend}.")
