"""What lies in a run's folder, compared with what its record is sealed over before it is believed.

Whoever reads a file of a run that decides an answer reads it here. The record of a run that has ended has the hash of
each file that the run left; the records of earlier versions have some, and the content of a few files. Of a run that
is under way, or was killed, only what its record held at the start is known.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from hashlib import file_digest
from io import BufferedReader
from pathlib import Path
from typing import Any

from likeness.errors import LikenessError
from likeness.runs.record.folder import BEGUN, CONFIG, LISTING, METRICS, RESULTS, operating_point_file
from likeness.runs.record.no_file import PLACES, refuse_no_file
from likeness.runs.record.record_file import RECORD, operating_point_of, read_record, write_record
from likeness.runs.record.source import DIFF

log = logging.getLogger("likeness")

FILES = "files"
"""In a record, the SHA-256 of each file that the run left, by its name in the folder."""

_LEFT_OUT = {RECORD, CONFIG, BEGUN}  # the record has its own seal, and holds the configuration itself
_NO_RESULT = {
    ".txt",
    ".lock",
    ".partial",
}  # logs, which a tracker may still write, and what is there for a moment


def hashes_of_files(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file that a run left, by its name in the folder."""
    return {name: digest_of(folder / name) for name in names_of_files(folder)}


def digest_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def names_of_files(folder: Path) -> list[str]:
    """The files that a run left, without its record, its configuration, its logs and what trackers keep."""
    found = (path for part in PLACES for path in (folder / part).glob("*") if path.is_file())
    return sorted(
        path.relative_to(folder).as_posix()
        for path in found
        if path.name not in _LEFT_OUT and path.suffix not in _NO_RESULT
    )


def seal_in(folder: Path, name: str) -> None:
    """Add a file that was made of an ended run to its record; one that is under way is sealed when it ends."""
    record = read_record(folder)
    if FILES in record and _has_ended(record):
        write_record(folder, {**record, FILES: {**record[FILES], name: digest_of(folder / name)}})


class SealedFiles:
    """The files of a run, each compared with the run's record before it is believed.

    A folder without a record, such as one that is just being made, has nothing to compare with.

    Raises:
        LikenessError: the record can't be read, or was edited, or something else than a file has the name of one.
    """

    def __init__(self, folder: Path) -> None:
        refuse_no_file(folder)
        self.folder = folder
        self.record: Mapping[str, Any] = read_record(folder) if (folder / RECORD).is_file() else {}
        self._hashes, self._contents = _hashes(self.record), _contents(self.record, folder)

    @property
    def has_ended(self) -> bool:
        """Whether the record says how the run ended."""
        return _has_ended(self.record)

    @property
    def is_complete(self) -> bool:
        """Whether the record has the hash of each file that the run left."""
        return self.has_ended and FILES in self.record

    @property
    def names(self) -> list[str]:
        """The files that are there or that the record names, in the order of their names."""
        recorded = [name for name, digest in self._hashes.items() if digest is not None]
        return sorted({*recorded, *self._contents, *names_of_files(self.folder)})

    def has(self, name: str) -> bool:
        """Whether a file is there or the record names it."""
        return self._hashes.get(name) is not None or name in self._contents or (self.folder / name).is_file()

    def hash_of(self, name: str) -> str | None:
        """The recorded SHA-256 of a file; None where the record has none."""
        return self._hashes.get(name)

    @contextmanager
    def opened(self, name: str) -> Iterator[BufferedReader]:
        """A file, open to be read from its beginning; its bytes are gone through once before that.

        Raises:
            LikenessError: it is not the one that is recorded, or can't be read.
        """
        path = self.folder / name
        try:
            file = path.open("rb")
        except OSError as error:
            raise LikenessError(self._missing(name, error)) from error
        with file:
            self._refuse_other(name, file)
            file.seek(0)
            yield file

    def refuse_altered(self, name: str) -> None:
        """Raise as `opened` does."""
        with self.opened(name):
            pass

    def read(self, name: str) -> bytes:
        """The content of a file; raises as `opened` does."""
        with self.opened(name) as file:
            return file.read()

    def read_json(self, name: str) -> Any:
        """The content of a JSON file; raises as `opened` does, and where it is none."""
        try:
            return json.loads(self.read(name))
        except (ValueError, RecursionError) as error:
            raise LikenessError(
                f"{self.folder / name} can't be read ({type(error).__name__}): it was altered."
            ) from error

    def altered(self) -> Iterator[str]:
        """What is no longer as it was when the run ended, by the name of the file."""
        for name in self.names:
            path = self.folder / name
            if self._is_added(name):
                yield f"{name} was added"
            elif not path.is_file():
                yield f"{name} is missing"
            else:
                with path.open("rb") as file:
                    if self._is_same(name, file) is False:
                        yield f"{name} is not the recorded one"

    def _missing(self, name: str, error: OSError) -> str:
        reason = "is missing" if isinstance(error, FileNotFoundError) else f"can't be read ({error.strerror})"
        named = ", though the record of the run names it" if self.has(name) else ""
        return f"{self.folder / name} {reason}{named}: put it back as it was, or make the run again."

    def _refuse_other(self, name: str, file: BufferedReader) -> None:
        """Raise a LikenessError where a file is not the one that the record names; say where nobody can tell."""
        if self._is_added(name):
            raise LikenessError(
                f"{self.folder / name} was added later, as the record of the run ({RECORD}) names no such file: take "
                "it away."
            )
        match self._is_same(name, file):
            case False:
                raise LikenessError(
                    f"{self.folder / name} was altered, as the record of the run ({RECORD}) tells: put it back as it "
                    "was, or make the run again."
                )
            case None if self.has_ended:
                _say_unchecked(self.folder / name)

    def _is_added(self, name: str) -> bool:
        """Whether the record would name a file, had the run left it."""
        known = name in self._contents or self._hashes.get(name) is not None
        return not known and (self.is_complete or name in self._hashes)

    def _is_same(self, name: str, file: BufferedReader) -> bool | None:
        """Whether a file is the one that the record names; None where it has nothing to tell by."""
        digest = self._hashes.get(name)
        if digest is not None:
            return file_digest(file, "sha256").hexdigest() == digest
        if name in self._contents:
            return bool(_plain(file.read()) == self._contents[name])
        return None


def _hashes(record: Mapping[str, Any]) -> dict[str, str | None]:
    """The hashes that a record has, whichever version wrote it, None for a file that was not there.

    Of a run under way they are those of its start.
    """
    source, listing = record.get("source") or {}, record.get("data_files") or {}
    known: dict[str, str | None] = {DIFF: source["diff"]} if "diff" in source else {}
    if _has_ended(record):
        known |= {METRICS: record["metrics_sha256"]} if "metrics_sha256" in record else {}
        known |= {LISTING: listing["sha256"]} if "sha256" in listing else {}
        known |= record.get(FILES) or {}
    return known


def _contents(record: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The contents of files that the record of an earlier version holds in place of their hashes."""
    if not _has_ended(record) or FILES in record:
        return {}
    known = {
        RESULTS: record.get("results"),
        operating_point_file(folder).name: operating_point_of(record),
    }
    return {name: content for name, content in known.items() if content is not None}


def _has_ended(record: Mapping[str, Any]) -> bool:
    return record.get("status", "running") != "running"


def _plain(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


@cache
def _say_unchecked(path: Path) -> None:
    log.warning(
        "%s can't be checked: the record of its run is an earlier version's and has no hash of it.", path
    )
