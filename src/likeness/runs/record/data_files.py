"""`data.csv`: the files that a run read its images from, with their sizes and hashes."""

import csv
import threading
from collections.abc import Iterable, Sequence
from hashlib import sha256
from io import StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

from likeness.config.schema.base import Node
from likeness.data.fingerprint import MISSING, Files, HashedFile, hash_file, hash_files, size_of_file
from likeness.errors import LikenessError
from likeness.runs.record.folder import LISTING, write_text
from likeness.runs.record.sealed import SealedFiles

FULL, SAMPLED = "full", "sampled"


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

        They are listed in the folder, where no earlier session has done so.

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
            for files in _each_once(self._files):
                for hashed in hash_files(files):
                    if self._stopped.is_set():
                        return
                    self._hashed.append(hashed)
            self._listed()
        except Exception as error:  # of whatever kind, it is not this thread's to end the run
            self._error = error

    def _listed(self) -> list[HashedFile]:
        listing = sorted(self._hashed)
        if not (self._folder / LISTING).exists():
            _write_listing(self._folder, listing)
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
        text = TextIOWrapper(file, "utf-8", "surrogateescape", newline="")
        return [HashedFile(row["path"], int(row["bytes"]), row["sha256"]) for row in csv.DictReader(text)]


def hash_listed(listing: Iterable[HashedFile]) -> list[HashedFile]:
    """The files of a listing as they are now; each whose hash is known is read, past the cache."""
    return [
        HashedFile(file.path, size_of_file(file.path), "") if _by_size(file) else hash_file(file.path)
        for file in listing
    ]


def changed_since(folder: Path, files: Iterable[Files]) -> str | None:
    """What happened to the first of a run's files that is not as it was; None where nothing did, or nobody can tell.

    Where not all contents are known it says, whatever happened, how little was compared.
    """
    try:
        before = read_listing(folder)
    except (LikenessError, ValueError):
        return None
    now = [hashed for part in _each_once(files) for hashed in hash_files(part)]
    return "; ".join(filter(None, [first_difference(before, now), how_compared(before, now)])) or None


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
