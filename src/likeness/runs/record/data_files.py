"""`data.csv`: the files that a run read its pictures from, with their sizes and hashes."""

import csv
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

from likeness.data.fingerprint import Files, HashedFile, hash_file, hash_files
from likeness.errors import LikenessError
from likeness.runs.record.folder import write_text

LISTING = "data.csv"


class HashingFiles:
    """Hash files on a thread, beside a training that does not wait for them.

    A first look at millions of files may take minutes; what was hashed before is known at once.
    """

    def __init__(self, files: Sequence[Files], folder: Path) -> None:
        self._files, self._folder = files, folder
        self._hashed: list[HashedFile] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._hash, name="hashing the data", daemon=True)
        self._thread.start()

    def finish(self) -> list[HashedFile]:
        """Each file once, in the order of the paths, waiting for those that are not hashed yet.

        They are listed in the folder, where no earlier session has done so.

        Raises:
            LikenessError: the disk is full.
        """
        self._thread.join()
        return self._listed()

    def stop(self) -> None:
        """Hash no further file, and wait for nothing."""
        self._stopped.set()

    def _hash(self) -> None:
        for files in _each_once(self._files):
            for hashed in hash_files(files):
                if self._stopped.is_set():
                    return
                self._hashed.append(hashed)
        with suppress(LikenessError):  # `finish` says so
            self._listed()

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


def describe_listing(folder: Path) -> dict[str, Any]:
    """What stands of a run's listing in its record: the number of files, their bytes, and a hash of the listing."""
    listing = read_listing(folder)
    return {
        "count": len(listing),
        "bytes": sum(max(file.bytes, 0) for file in listing),
        "sha256": sha256((folder / LISTING).read_bytes()).hexdigest(),
    }


def read_listing(folder: Path) -> list[HashedFile]:
    """The files that a run read; raises `OSError` or `ValueError` where the listing is missing or damaged."""
    with (folder / LISTING).open(newline="", errors="surrogateescape") as file:
        return [HashedFile(row["path"], int(row["bytes"]), row["sha256"]) for row in csv.DictReader(file)]


def hash_listed(listing: Iterable[HashedFile]) -> list[HashedFile]:
    """The files of a listing as they are now; each is read, past the cache."""
    return [hash_file(file.path) for file in listing]


def changed_since(folder: Path, files: Iterable[Files]) -> str | None:
    """What happened to the first of a run's files that is not as it was; None where nothing did, or nobody can tell."""
    try:
        before = read_listing(folder)
    except (OSError, ValueError):
        return None
    return first_difference(before, [hashed for part in _each_once(files) for hashed in hash_files(part)])


def first_difference(before: Sequence[HashedFile], now: Sequence[HashedFile]) -> str | None:
    """What happened to the first file, in the order of the paths, that is not in both listings alike, or None."""
    first, second = ({file.path: file for file in listing} for listing in (before, now))
    for path in sorted(first.keys() | second.keys()):
        was, is_now = first.get(path), second.get(path)
        if was == is_now:
            continue
        if was is None:
            return f"{path} was added"
        if is_now is None or is_now.sha256 == "":
            return f"{path} is gone"
        return f"{path} was changed"
    return None


def _each_once(files: Iterable[Files]) -> list[Files]:
    """The files below each folder, none of them twice."""
    names: dict[Path, dict[str, None]] = {}
    for part in files:
        names.setdefault(part.root, {}).update(dict.fromkeys(part.names))
    return [Files(root, list(below)) for root, below in names.items()]
