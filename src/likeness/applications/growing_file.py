"""Files that grow while a command works, and are whole after each addition: one that is killed leaves what it did."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath

from likeness.errors import LikenessError, mend_of
from likeness.runs.record.folder import write_text

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
"""What a cell begins with that a spreadsheet may carry out."""


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """The rows as lines of a CSV, whose text are paths and names of columns.

    A spreadsheet takes a cell that begins with = or the like for a formula, and carries it out; a path gets a ./ before
    it, which leads to the same file.
    """
    return "".join(map(_line, rows))


def _line(row: Sequence[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(
        map(_inert, row)
    )  # which puts a cell with either into quotes
    return line.getvalue().removesuffix("\r\n") + "\n"


def _inert(cell: object) -> object:
    begins_a_formula = isinstance(cell, str | PurePath) and str(cell).startswith(_FORMULA)
    return f"./{cell}" if begins_a_formula else cell


class GrowingFile:
    """A text file that begins with `head` and ends with `tail`; what is added goes between.

    Raises:
        LikenessError: the disk is full or the folder is gone.
    """

    def __init__(self, path: Path, head: str, tail: str = "") -> None:
        self.path = path
        write_text(path, head + tail)
        self._end = len(_encoded(head))

    def add(self, text: str, tail: str = "") -> None:
        """Put `text` after what was added before, and `tail` after it.

        Raises:
            LikenessError: the disk is full or the file is gone.
        """
        try:
            with self.path.open("r+b") as file:
                file.seek(self._end)
                file.write(_encoded(text + tail))
                file.truncate()
        except OSError as error:
            raise LikenessError(
                f"{self.path} can't be written ({error.strerror}); {mend_of(error)} and run again."
            ) from error
        self._end += len(_encoded(text))


def _encoded(text: str) -> bytes:
    """In UTF-8; names of files may hold bytes that are none."""
    return text.encode("utf-8", errors="surrogateescape")
