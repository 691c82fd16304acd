"""Files that grow while a command works, and are whole after each addition: one that is killed leaves what it did."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from likeness.errors import LikenessError, mend_of
from likeness.runs.record.folder import write_text


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """The rows as lines of a CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


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
