"""The key of a run, found in its record without reading the rest of it."""

import re
from contextlib import suppress
from pathlib import Path

from likeness.errors import LikenessError
from likeness.runs.record.record_file import RECORD, read_record

_KEY = re.compile(rb'^  "key": "([0-9a-f]+)",?$', re.MULTILINE)


def key_in(folder: Path) -> str | None:
    """The key in a run's record, or None where none can be read.

    To read the whole of a record takes fifty times as long, and beside thousands of runs all but one are others'.
    """
    if not (folder / RECORD).is_file():  # but a pipe, say, which keeps a reader waiting
        return None
    with suppress(OSError):
        if found := _KEY.search((folder / RECORD).read_bytes()):
            return found[1].decode()
    with suppress(LikenessError):  # a damaged record is nobody's
        return str(read_record(folder)["key"])
    return None
