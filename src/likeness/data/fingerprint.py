"""The hashes of the files that images are read from, kept between runs."""

import csv
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import file_digest, sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np

from likeness.data.reading import refused

MISSING = -1
"""The size of a file that is not there or may not be read."""

SAMPLE = 64
"""So many files of a set are read where not all are."""

_LARGE = 2**30
"""Bytes: a larger file, as one that holds a whole set's records, is not read where only a sample is."""

_ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError)

SETTLED = 2 * 10**9
"""Nanoseconds: a file changed since less may change again without another time of change."""


class Files(NamedTuple):
    """Files by their names below a folder; `sampled`: the contents of few are enough to recognise them."""

    root: Path
    names: Sequence[str]
    sampled: bool = False


class HashedFile(NamedTuple):
    """A file, its size, and the SHA-256 of its content, hexadecimal; of one that can't be read the size is MISSING.

    The hash is empty where it was not read.
    """

    path: str
    bytes: int
    sha256: str


class _Known(NamedTuple):
    """What a file was like when it was hashed: its `state` (size, times of change, inode), and the hash."""

    state: str
    sha256: str


def hash_file(path: str) -> HashedFile:
    """A file's size and hash, read from the file itself; raises `FileError` as `size_of_file` does."""
    return _hashed(path)[0]


def size_of_file(path: str) -> int:
    """Bytes, or MISSING.

    Raises:
        FileError: the system can't say now, as where too many files are open or a disk fails.
    """
    try:
        return os.stat(path).st_size
    except _ABSENT:
        return MISSING
    except OSError as error:
        raise refused(path, error) from error


def spread(count: int) -> list[int]:
    """The places of at most SAMPLE among `count`, evenly spread from the first to the last."""
    return spread_over(count, SAMPLE)


def spread_over(count: int, most: int) -> list[int]:
    """The places of at most `most` among `count`, evenly spread from the first to the last."""
    return np.linspace(0, count - 1, min(count, most)).round().astype(int).tolist()


def hash_files(files: Files) -> Iterator[HashedFile]:
    """The files' sizes and hashes in order; a file that was hashed before and not touched since is not read again.

    Of sampled files SAMPLE are read, evenly spread, and of those none above 1 GiB: the others' hashes are empty.

    Known hashes are kept below XDG_CACHE_HOME/likeness, never beside the data, which may be read-only. What was
    hashed is kept even where the caller does not go on to the end.

    Raises:
        FileError: as `size_of_file` does.
    """
    read = frozenset(spread(len(files.names))) if files.sampled else range(len(files.names))
    cache = cache_of(files.root, "hashes", "csv")
    known, fresh = _read_cache(cache), dict[str, _Known]()
    root = os.path.abspath(files.root)  # so that the path says which file it was, wherever one stands
    try:
        for place, name in enumerate(files.names):
            path = os.path.join(root, name)
            if files.sampled and (place not in read or size_of_file(path) > _LARGE):
                yield HashedFile(path, size_of_file(path), "")
                continue
            entry = known.get(name)
            if entry is not None and entry.state == _state_at(path):
                yield HashedFile(path, int(entry.state.partition(" ")[0]), entry.sha256)
                continue
            hashed, state = _hashed(path)
            if state is not None:
                fresh[name] = _Known(state, hashed.sha256)
            yield hashed
    finally:
        if fresh:
            _write_cache(cache, known | fresh)


def _hashed(path: str) -> tuple[HashedFile, str | None]:
    """A file's hash, and its state, where that is settled and was the same before and after reading."""
    try:
        with open(path, "rb") as file:
            before = os.fstat(file.fileno())
            digest = file_digest(file, "sha256").hexdigest()
            after = os.fstat(file.fileno())
    except _ABSENT:
        return HashedFile(path, MISSING, ""), None
    except OSError as error:
        raise refused(path, error) from error
    settled = time.time_ns() - max(after.st_mtime_ns, after.st_ctime_ns) > SETTLED
    state = _state(after) if settled and _state(before) == _state(after) else None
    return HashedFile(path, after.st_size, digest), state


def _state_at(path: str) -> str | None:
    try:
        return _state(os.stat(path))
    except OSError:
        return None


def _state(status: os.stat_result) -> str:
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"


def cache_of(root: Path, kind: str, suffix: str) -> Path:
    """The file that keeps between runs what is known of the files below `root`, such as their `hashes`."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    name = sha256(os.fsencode(root.resolve())).hexdigest()[:16]
    return Path(home, "likeness", kind, f"{name}.{suffix}")


def _read_cache(path: Path) -> dict[str, _Known]:
    """The known hashes by name; a cache that is damaged is none."""
    try:
        with path.open(newline="", errors="surrogateescape") as file:
            return {name: _Known(state, digest) for name, state, digest in csv.reader(file)}
    except (OSError, ValueError, csv.Error):
        return {}


def _write_cache(path: Path, known: dict[str, _Known]) -> None:
    """Keep the known hashes; where that can't be done, the next run reads the files again."""
    beside = path.with_suffix(f".{os.getpid()}.partial")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("w", newline="", errors="surrogateescape") as file:
            csv.writer(file).writerows((name, *entry) for name, entry in known.items())
        os.replace(beside, path)
