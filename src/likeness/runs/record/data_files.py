"""`data.csv`: the files that a run read its images from, with their sizes and hashes."""

import csv
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from io import StringIO, TextIOWrapper
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from likeness.config.schema.base import Node
from likeness.data.fingerprint import MISSING, Files, HashedFile, hash_file, hash_files, size_of_file
from likeness.errors import LikenessError
from likeness.runs.record.folder import BEGUN, LISTING, write_text
from likeness.runs.record.sealed import SealedFiles

FULL, SAMPLED = "full", "sampled"

_KEPT_EVERY = 0.5
"""Seconds: what was hashed longer ago than this survives a kill."""


class Compared(NamedTuple):
    """The data of a run as they are now, beside what was hashed of them.

    Attributes:
        changed: what happened to the first file that is not as it was; None where nothing did, or nobody can tell.
        untold: what could not be compared, or was by its size alone; None where all contents were.
    """

    changed: str | None
    untold: str | None


class HashingFiles:
    """Hash files on a thread, beside a training that does not wait for them.

    A first look at millions of files may take minutes; what was hashed before is known at once.
    """

    def __init__(self, files: Sequence[Files], folder: Path) -> None:
        self._files, self._folder = files, folder
        self._hashed: list[HashedFile] = []
        self._stopped = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._hash, name="hashing the data", daemon=True)
        self._thread.start()

    def finish(self) -> list[HashedFile]:
        """Each file once, in the order of the paths, waiting for those that are not hashed yet.

        They are listed in the folder, where no earlier session has done so, or its listing is damaged.

        Raises:
            LikenessError: the disk is full, or the system refused to read a file.
        """
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._listed()

    def stop(self) -> None:
        """Hash no further file, and wait for nothing."""
        self._stopped.set()

    def _hash(self) -> None:
        try:
            with (self._folder / BEGUN).open("a", newline="", errors="surrogateescape") as file:
                for hashed in self._keeping(file):
                    self._hashed.append(hashed)
            if not self._stopped.is_set():
                self._listed()
        except Exception as error:  # of whatever kind, it is not this thread's to end the run
            self._error = error

    def _keeping(self, file: TextIO) -> Iterator[HashedFile]:
        """The files as they are hashed, until there is none left or nobody waits; each is noted in `file`."""
        writer, kept = csv.writer(file, lineterminator="\n"), time.monotonic()
        for files in _each_once(self._files):
            for hashed in hash_files(files):
                if self._stopped.is_set():
                    return
                writer.writerow(hashed)
                if time.monotonic() - kept > _KEPT_EVERY:
                    file.flush()
                    kept = time.monotonic()
                yield hashed

    def _listed(self) -> list[HashedFile]:
        listing = sorted(self._hashed)
        try:
            read_listing(self._folder)
        except (LikenessError, ValueError):
            _write_listing(self._folder, listing)
        (self._folder / BEGUN).unlink(missing_ok=True)
        return listing


def _write_listing(folder: Path, hashed: Iterable[HashedFile]) -> None:
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HashedFile._fields)
    writer.writerows(hashed)
    write_text(folder / LISTING, text.getvalue())


def listed_as(node: Node, files: Iterable[Files]) -> list[Files]:
    """The `files` of a `data` node, of which the listing holds few hashes where the node says `hash: sampled`."""
    sampled = getattr(node, "hash", None) == SAMPLED
    return [part._replace(sampled=sampled) for part in files]


def describe_listing(folder: Path, files: Iterable[Files]) -> dict[str, Any]:
    """What stands of a run's listing in its record: the number of files, their bytes, and a hash of the listing.

    `hash` says of how many `files` the contents are to be known: `full` or `sampled`.
    """
    listing = read_listing(folder)
    sampled = any(part.sampled for part in files) or any(map(_by_size, listing))
    return {
        "hash": SAMPLED if sampled else FULL,
        "count": len(listing),
        "bytes": sum(max(file.bytes, 0) for file in listing),
        "sha256": sha256((folder / LISTING).read_bytes()).hexdigest(),
    }


def read_listing(folder: Path) -> list[HashedFile]:
    """The files that a run read.

    Raises:
        LikenessError: the listing is missing, or not the one that is recorded.
        ValueError: it is damaged.
    """
    with SealedFiles(folder).opened(LISTING) as file:
        lines = TextIOWrapper(file, "utf-8", "surrogateescape", newline="")
        if next(lines, "").strip() != ",".join(HashedFile._fields):
            raise ValueError("not what lists files")
        return list(_listed_in(lines))


def _listed_in(lines: Iterable[str]) -> Iterator[HashedFile]:
    """Raises ValueError where a line is not of a listing."""
    try:
        for path, size, digest in csv.reader(lines):
            yield HashedFile(path, int(size), digest)
    except csv.Error as error:
        raise ValueError(str(error)) from error


def _read_begun(folder: Path) -> list[HashedFile]:
    """What was hashed in a run whose listing is not whole, as far as it can be read."""
    known: dict[str, HashedFile] = {}
    try:
        with (folder / BEGUN).open(newline="", errors="surrogateescape") as file:
            for one in _listed_in(line for line in file if line.endswith("\n")):
                known.setdefault(one.path, one)
    except (OSError, ValueError):
        pass
    return sorted(known.values())


def hash_listed(listing: Iterable[HashedFile]) -> list[HashedFile]:
    """The files of a listing as they are now; each whose hash is known is read, past the cache."""
    return [
        HashedFile(file.path, size_of_file(file.path), "") if _by_size(file) else hash_file(file.path)
        for file in listing
    ]


def changed_since(folder: Path, files: Iterable[Files]) -> str | None:
    """What `compare_since` tells, in one text; None where all is known to be as it was, or nothing is known."""
    return "; ".join(filter(None, compare_since(folder, files))) or None


def compare_since(folder: Path, files: Iterable[Files]) -> Compared:
    """Compare what was hashed of a run's files with what they are now.

    A file whose size, times and inode are those that it was hashed with is not read again; of any other the content
    counts, and what is known to have changed was read for that.
    """
    parts = _each_once(files)
    try:
        whole = (folder / LISTING).is_file()
        before = read_listing(folder) if whole else _read_begun(folder)
    except (LikenessError, ValueError):
        return Compared(None, f"{folder / LISTING} is damaged: the contents of the files were not compared")
    if not whole:
        known = {file.path for file in before}
        count = sum(len(part.names) for part in parts)
        parts = [
            part._replace(names=[name for name in part.names if _path(part, name) in known]) for part in parts
        ]
    now = [hashed for part in parts for hashed in hash_files(part)]
    if first_difference(before, now) is not None:
        then = {file.path: file for file in before}
        now = [_read_where_it_differs(then.get(file.path), file) for file in now]
    changed = first_difference(before, now)
    untold = how_compared(before, now)
    if not whole and len(before) < count:
        untold = f"{count - len(before)} of {count} files had not been hashed yet: whether they changed can't be told"
    return Compared(changed, untold)


def _read_where_it_differs(was: HashedFile | None, known: HashedFile) -> HashedFile:
    """A file as its content says, where the hash that is known of it is another than it was."""
    if was is None or not known.sha256 or not was.sha256 or known.sha256 == was.sha256:
        return known
    return hash_file(known.path)


def _path(files: Files, name: str) -> str:
    return os.path.join(os.path.abspath(files.root), name)


def how_compared(before: Sequence[HashedFile], now: Sequence[HashedFile]) -> str | None:
    """How little of two listings is compared, where that is not all; else None."""
    first, second = ({file.path: file for file in listing if file.sha256} for listing in (before, now))
    if not any(map(_by_size, [*before, *now])):
        return None
    return f"sampled: sizes of {len(before)} files and the contents of {len(first.keys() & second.keys())} compared"


def first_difference(before: Sequence[HashedFile], now: Sequence[HashedFile]) -> str | None:
    """What happened to the first file, in the order of the paths, that is not in both listings alike, or None.

    A file whose hash is not in both is compared by its size.
    """
    first, second = ({file.path: file for file in listing} for listing in (before, now))
    for path in sorted(first.keys() | second.keys()):
        was, is_now = first.get(path), second.get(path)
        if was is None:
            return f"{path} was added"
        if is_now is None or (is_now.bytes == MISSING and was.bytes != MISSING):
            return f"{path} is gone"
        if was.bytes != is_now.bytes or (was.sha256 and is_now.sha256 and was.sha256 != is_now.sha256):
            return f"{path} was changed"
    return None


def _by_size(file: HashedFile) -> bool:
    """Whether a file is there, and known by its size alone."""
    return file.sha256 == "" and file.bytes != MISSING


def _each_once(files: Iterable[Files]) -> list[Files]:
    """The files below each folder, none of them twice; what is both sampled and not is not."""
    whole, sampled = dict[Path, dict[str, None]](), dict[Path, dict[str, None]]()
    for part in files:
        (sampled if part.sampled else whole).setdefault(part.root, {}).update(dict.fromkeys(part.names))
    rest = {
        root: [name for name in below if name not in whole.get(root, {})] for root, below in sampled.items()
    }
    return [
        *(Files(root, list(below)) for root, below in whole.items()),
        *(Files(root, below, sampled=True) for root, below in rest.items()),
    ]
