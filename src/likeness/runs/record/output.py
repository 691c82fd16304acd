"""What a run says on the terminal, which may be gone: a closed pipe, a full disk below a redirected output."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

log = logging.getLogger("likeness")


@contextmanager
def lasting_output() -> Iterator[None]:
    """Within the block, what can't be written to the terminal is left out, and ends nothing."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (_Lasting(stream) for stream in before)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, _Lasting):
                stream.flush()
        sys.stdout, sys.stderr = before


class _Lasting:
    """A stream that, once it can't be written to, takes what it is given and leaves it out."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._gone = stream, False

    def write(self, text: str) -> int:
        """Write, or leave out."""
        if not self._gone:
            try:
                self._stream.write(text)
            except (OSError, ValueError) as error:
                self._give_up(error)
        return len(text)

    def flush(self) -> None:
        """Flush, or leave out."""
        if not self._gone:
            try:
                self._stream.flush()
            except (OSError, ValueError) as error:
                self._give_up(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _give_up(self, error: Exception) -> None:
        self._gone = True
        with suppress(
            OSError, ValueError
        ):  # what it still holds goes nowhere, and so does what children write
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
        log.warning("%s takes no more output (%s); log.txt has all of it.", self._stream.name, error)
