"""Imports without a search for garbage."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """What imports make stays: to look for garbage among it again and again takes a tenth of a short command's time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
