"""A loader's worker that was killed from outside, told in one sentence."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from likeness.errors import LikenessError

_KILLED = re.compile(
    r"DataLoader worker \(pid\(?s?\)? [\d, ]+\) (exited unexpectedly|is killed by signal: [\w ]+)"
)
"""What torch raises a RuntimeError with."""


@contextmanager
def killed_worker_told() -> Iterator[None]:
    """Say in one sentence that a worker was killed in the block.

    Raises:
        LikenessError: one was.
    """
    try:
        yield
    except RuntimeError as error:
        if (found := _KILLED.search(str(error))) is None:
            raise
        raise LikenessError(
            f"A loader's worker {found[1].replace('is killed', 'was killed')}, as happens where memory runs out: free "
            "memory or lower loader.workers, then the same command goes on."
        ) from error
