"""The file of a gallery as SQLite sees it: made whole, known again, and what SQLite refuses in one sentence."""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from likeness.errors import LikenessError

APPLICATION = 0x4C4B4752
"""SQLite's `application_id` of a gallery: "LKGR"."""

VERSION = 1
"""Of the schema, kept as SQLite's `user_version`."""

PATIENCE = 10.0
"""Seconds to wait for another process that writes."""

_EVERY_CONNECTION = """
PRAGMA foreign_keys = ON;
PRAGMA synchronous = FULL;
PRAGMA secure_delete = ON;
PRAGMA temp_store = MEMORY;
"""

_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


def create_file(path: Path, schema: str, rows: Iterable[tuple[str, tuple[object, ...]]]) -> None:
    """Make a gallery's file, readable by its owner alone; it appears under its name when it is whole.

    Args:
        path: of the file.
        schema: the statements that make its tables.
        rows: statements with their values, for what it holds at first.

    Raises:
        LikenessError: something is there already, or the file can't be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        raise LikenessError(f"{path} can't be made ({error.strerror}): give another place.") from error
    try:
        with telling(path), closing(sqlite3.connect(beside, isolation_level=None)) as made:
            made.execute("PRAGMA page_size = 32768")
            made.execute("PRAGMA journal_mode = WAL")
            made.executescript(_EVERY_CONNECTION)
            made.execute("BEGIN IMMEDIATE")
            for statement in schema.split(";\n"):
                made.execute(statement)
            for statement, values in rows:
                made.execute(statement, values)
            made.execute(f"PRAGMA application_id = {APPLICATION}")
            made.execute(f"PRAGMA user_version = {VERSION}")
            made.execute("COMMIT")
        try:
            os.link(beside, path)  # which refuses what is there, where a rename would replace it
        except FileExistsError:
            raise LikenessError(f"{path} is there already: give the new gallery another name.") from None
        except OSError as error:
            raise LikenessError(f"{path} can't be made ({error.strerror}): give another place.") from error
        _folder_to_disk(path.parent)
    finally:
        for name in (beside.name, f"{beside.name}-wal", f"{beside.name}-shm"):
            with suppress(FileNotFoundError):
                beside.with_name(name).unlink()


def open_file(path: Path, patience: float = PATIENCE) -> sqlite3.Connection:
    """A connection to a gallery's file; `patience` in seconds, for others that write.

    Raises:
        LikenessError: it is missing, no gallery, of another version, damaged, or can't be opened.
    """
    if not path.is_file():
        what = "is a folder, not a gallery" if path.is_dir() else "is missing"
        raise LikenessError(f"{path} {what}: name a gallery, or make one with likeness gallery create.")
    with telling(path):
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=patience
        )
    try:
        with telling(path):
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
        if application != APPLICATION:
            raise LikenessError(f"{path} is no gallery, but a database of something else: name a gallery.")
        if version != VERSION:
            raise LikenessError(
                f"{path} is a gallery of version {version}, and this program reads version {VERSION}: export it with "
                "the program that made it, and import that."
            )
        with telling(path):
            connection.executescript(_EVERY_CONNECTION)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection, path: Path, *, writes: bool) -> Iterator[sqlite3.Connection]:
    """Do the block whole or not at all, on one state of the file.

    Raises:
        LikenessError: the file can't be read or written.
    """
    with telling(path):
        connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # SQLite ends it itself where the disk is full
                connection.execute("ROLLBACK")
            raise


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """Say in one sentence what SQLite refuses in the block.

    Raises:
        LikenessError: SQLite's error.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise LikenessError(_sentence(path, error)) from error


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
