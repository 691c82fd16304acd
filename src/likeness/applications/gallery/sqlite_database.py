"""A gallery's file as SQLite sees it: made whole, known again, and what SQLite refuses in one sentence."""

import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from secrets import token_hex
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likeness.applications.gallery.database import ROWS_AT_ONCE, Database
from likeness.applications.gallery.readable_name import is_utf8, not_utf8
from likeness.applications.gallery.schema import TABLES, VERSION, Types, tables
from likeness.errors import LikenessError

APPLICATION = 0x4C4B4752
"""SQLite's `application_id` of a gallery: "LKGR"."""

PATIENCE = 10.0
"""Seconds to wait for another process that writes."""

_TYPES = Types("INTEGER PRIMARY KEY AUTOINCREMENT", "INTEGER", "TEXT", "REAL", "BLOB", " STRICT")

_EVERY_CONNECTION = """
PRAGMA foreign_keys = ON;
PRAGMA synchronous = FULL;
PRAGMA secure_delete = ON;
PRAGMA temp_store = MEMORY;
"""

_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


class SqliteDatabase:
    """The `Database` in a file.

    Args:
        connection: to the file, without transactions of its own.
        path: of the file.
        patience: seconds to wait for another process that reads or writes.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, patience: float) -> None:
        self.connection, self._path, self._patience = connection, path, patience

    @property
    def name(self) -> str:
        """The file."""
        return str(self._path)

    @contextmanager
    def transaction(self, *, writes: bool) -> Iterator[None]:
        """Do the block whole or not at all, on one state of the file."""
        with _telling(self._path):
            self.connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            try:
                yield
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:  # SQLite ends it itself where the disk is full
                    self.connection.execute("ROLLBACK")
                raise

    def execute(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        """The rows that a statement gives."""
        with _telling(self._path):
            return self.connection.execute(statement, values).fetchall()

    def batches(self, statement: str) -> Iterator[list[Any]]:
        """The rows that a statement without values gives, some at a time."""
        with _telling(self._path):
            cursor = self.connection.execute(statement)
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                yield rows

    def execute_many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Do a statement once with each row of values."""
        with _telling(self._path):
            self.connection.executemany(statement, rows)

    def values_of(self, encodings: NDArray[np.float32]) -> Iterator[bytes]:
        """The bytes of each of `encodings [N, D]`, in the order of Intel's processors."""
        return (row.tobytes() for row in np.ascontiguousarray(encodings, dtype="<f4"))

    def encodings_of(self, values: Sequence[bytes], dimensions: int) -> NDArray[np.float32]:
        """Encodings `[N, dimensions]` of such bytes."""
        if set(map(len, values)) - {4 * dimensions}:
            raise LikenessError(f"{self.name} is damaged: an encoding has not {dimensions} numbers.")
        return np.frombuffer(b"".join(values), dtype="<f4").reshape(-1, dimensions)

    def new_number(self) -> int:
        """A number for a subject, that none had before."""
        self.execute("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'subject'")
        for (number,) in self.execute("SELECT seq FROM sqlite_sequence WHERE name = 'subject'"):
            return int(number)
        self.execute("INSERT INTO sqlite_sequence VALUES ('subject', 1)")
        return 1

    def last_number(self) -> int:
        """The highest number that a subject was given, 0 where none was."""
        rows = self.execute("SELECT seq FROM sqlite_sequence WHERE name = 'subject'")
        return int(rows[0][0]) if rows else 0

    def skip_numbers(self, last: int) -> None:
        """Give subjects only higher numbers than `last` from now on, in a gallery that is made."""
        self.execute("DELETE FROM sqlite_sequence WHERE name = 'subject'")
        self.execute("INSERT INTO sqlite_sequence VALUES ('subject', ?)", (last,))

    def purge(self, *, wait: bool) -> None:
        """Write the file anew and empty its log, so that nothing that was deleted or moved is left in either."""
        patience = self._patience if wait else 0.0
        ends = time.monotonic() + patience
        try:
            self.connection.execute(f"PRAGMA busy_timeout = {round(1000 * patience)}")
            self.connection.execute("VACUUM")
            while self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                if time.monotonic() > ends:
                    raise LikenessError(
                        f"It is removed, but another process still reads {self.name}, and its log keeps a copy as "
                        "long: end that process, and run any command on the gallery."
                    )
                time.sleep(0.01)
        except sqlite3.Error as error:
            raise LikenessError(
                f"It is removed, but {self.name} can't be written anew ({error}) and may keep a copy: make room, and "
                "run any command on the gallery."
            ) from error
        finally:
            self.connection.execute(f"PRAGMA busy_timeout = {round(1000 * self._patience)}")

    def damage(self) -> list[str]:
        """What SQLite finds wrong with the file; empty where nothing is."""
        found = [str(row[0]) for row in self.execute("PRAGMA integrity_check(10)")]
        return [what for what in found if what != "ok"]

    def close(self) -> None:
        """Give the file back; the last to do so empties its log."""
        self.connection.close()


def create_file(path: Path, fill: Callable[[Database], None]) -> None:
    """Make a gallery's file, readable by its owner alone; it appears under its name when it is whole.

    Args:
        path: of the file.
        fill: puts into the tables what it holds at first.

    Raises:
        LikenessError: something is there already, or the file can't be written.
    """
    _sweep(path)
    beside = path.with_name(f".{path.name}.{token_hex(4)}.partial")
    try:
        mark = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    except OSError as error:
        raise LikenessError(f"{path} can't be made ({error.strerror}): give another place.") from error
    try:
        flock(mark, LOCK_EX)  # as long as this process lives
        with _telling(path), closing(sqlite3.connect(beside, isolation_level=None)) as made:
            made.execute("PRAGMA page_size = 32768")
            made.execute("PRAGMA journal_mode = WAL")
            made.executescript(_EVERY_CONNECTION)
            database = SqliteDatabase(made, path, PATIENCE)
            with database.transaction(writes=True):
                for statement in tables(_TYPES):
                    made.execute(statement)
                fill(database)
                made.execute(f"PRAGMA application_id = {APPLICATION}")
                made.execute(f"PRAGMA user_version = {VERSION}")
        try:
            os.link(beside, path)  # which refuses what is there, where a rename would replace it
        except FileExistsError:
            raise LikenessError(f"{path} is there already: give the new gallery another name.") from None
        except OSError as error:
            raise LikenessError(f"{path} can't be made ({error.strerror}): give another place.") from error
        _folder_to_disk(path.parent)
    finally:
        _unlink(beside)
        os.close(mark)


def _sweep(path: Path) -> None:
    """Remove what a process left beside a gallery that was killed while it made one."""
    made = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]+\.partial")
    with suppress(OSError):  # of a folder that can't be listed nothing can be made either
        for file in [file for file in path.parent.iterdir() if made.fullmatch(file.name)]:
            mark = os.open(file, os.O_RDWR)
            try:
                flock(mark, LOCK_EX | LOCK_NB)  # refused while the process lives
                _unlink(file)
            except BlockingIOError:
                pass
            finally:
                os.close(mark)


def _unlink(beside: Path) -> None:
    for name in (beside.name, f"{beside.name}-wal", f"{beside.name}-shm"):
        with suppress(FileNotFoundError):
            beside.with_name(name).unlink()


def refuse_file(path: Path) -> str:
    """What to call a new gallery in a file; raises a `LikenessError` where something is there already."""
    if not is_utf8(str(path)):
        raise LikenessError(not_utf8(str(path)))
    if path.exists():
        raise LikenessError(f"{path} is there already: give the new gallery another name.")
    return str(path)


def open_file(path: Path, patience: float = PATIENCE) -> SqliteDatabase:
    """A gallery's file; `patience` in seconds, for others that read or write.

    Raises:
        LikenessError: it is missing, no gallery, of another version, damaged, or can't be opened.
    """
    if not path.is_file():
        what = "is a folder, not a gallery" if path.is_dir() else "is missing"
        raise LikenessError(f"{path} {what}: name a gallery, or make one with likeness gallery create.")
    if path.stat().st_nlink > 1:  # it was made by a process that was killed just then
        _sweep(path)
    with _telling(path):
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=patience
        )
    try:
        with _telling(path):
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
        if application != APPLICATION:
            raise LikenessError(f"{path} is no gallery, but a database of something else: name a gallery.")
        if version != VERSION:
            raise LikenessError(
                f"{path} is a gallery of version {version}, and this program reads version {VERSION}: export it with "
                "the program that made it, and import that."
            )
        with _telling(path):
            connection.executescript(_EVERY_CONNECTION)
            there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        if missing := [name for name in TABLES if name not in there]:
            raise LikenessError(
                f"{path} is damaged, as it has no table {missing[0]}: take a copy of it, or make a new gallery."
            )
    except BaseException:
        connection.close()
        raise
    return SqliteDatabase(connection, path, patience)


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    """Say in one sentence what SQLite refuses in the block.

    Raises:
        LikenessError: SQLite's error, or a text is not in UTF-8.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise LikenessError(_sentence(path, error)) from error
    except UnicodeEncodeError as error:
        raise LikenessError(not_utf8(error.object)) from error


def _sentence(path: Path, error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorname", None) or ""
    if code == "SQLITE_NOTADB":
        return (
            f"{path} is no gallery, or its beginning is damaged: name a gallery, or take a copy of this one."
        )
    if code.startswith(_DAMAGED):
        return f"{path} is damaged ({error}): take a copy of it, or export what can be read and import that."
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return f"{path} is locked: another process writes to it; try again when that has ended."
    if code.startswith("SQLITE_FULL"):
        return f"{path} can't be written, as the disk is full: make room and run again; nothing was changed."
    if code.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return f"{path} can't be opened ({error}): allow writing to it and to its folder."
    return f"{path} can't be read or written ({error}): see to the disk that it lies on."


def _folder_to_disk(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
