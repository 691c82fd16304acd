"""Warnings of a library that say what is wrong with a file, but not with which: the name is added to what is written.

Python lets `warnings.formatwarning` be replaced; logging writes warnings by it too.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_name: ContextVar[str | None] = ContextVar("the file that is read", default=None)
_plainly = warnings.formatwarning


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Add the name to every warning that is written in the block."""
    before = _name.set(name)
    try:
        yield
    finally:
        _name.reset(before)


def _with_name(message: Warning | str, *arguments: Any, **keywords: Any) -> str:
    name = _name.get()
    said = message if name is None else f"{name}: {message}"
    return _plainly(said, *arguments, **keywords)


warnings.formatwarning = _with_name
