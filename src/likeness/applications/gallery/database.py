"""What a store needs of a database: transactions, statements, and how an encoding stands in a column."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

ROWS_AT_ONCE = 1000
"""Of those with encodings: so many are read before they are made numbers."""

_MANY = 400  # SQLite takes 999 in its older versions, and some statements name the values twice


class Database(Protocol):
    """A database with a gallery's tables. Values in a statement stand as `?`.

    All methods raise a `LikenessError` where the database can't be read or written.
    """

    @property
    def name(self) -> str:
        """What to call it in a message."""
        ...

    def transaction(self, *, writes: bool) -> AbstractContextManager[None]:
        """Do the block whole or not at all, on one state of the gallery; of those that write one at a time."""
        ...

    def execute(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        """The rows that a statement gives."""
        ...

    def batches(self, statement: str) -> Iterator[list[Any]]:
        """The rows that a statement without values gives, some at a time, within a transaction."""
        ...

    def execute_many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Do a statement once with each row of values."""
        ...

    def values_of(self, encodings: NDArray[np.float32]) -> Iterator[object]:
        """The rows of `encodings [N, D]`, each as a value for a statement."""
        ...

    def encodings_of(self, values: Sequence[Any], dimensions: int) -> NDArray[np.float32]:
        """Encodings `[N, dimensions]` of a column's values, of 32 bits in either order of bytes.

        Raises:
            LikenessError: they have not so many numbers.
        """
        ...

    def new_number(self) -> int:
        """A number for a subject, that none had before."""
        ...

    def last_number(self) -> int:
        """The highest number that a subject was given, 0 where none was."""
        ...

    def skip_numbers(self, last: int) -> None:
        """Give subjects only higher numbers than `last` from now on, in a gallery that is made."""
        ...

    def purge(self, *, wait: bool) -> None:
        """Write the tables anew, so that nothing that was deleted or changed is left in them; `wait` for who reads.

        Raises:
            LikenessError: another process reads, or there is no room; then it is to be done again.
        """
        ...

    def damage(self) -> list[str]:
        """What the database finds wrong with its own files; empty where nothing is."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


def portions(values: Sequence[str]) -> Iterator[tuple[Sequence[str], str]]:
    """The values some at a time, as many as one statement takes, with a mark for each: for `column IN (marks)`."""
    for start in range(0, len(values), _MANY):
        some = values[start : start + _MANY]
        yield some, ", ".join("?" * len(some))
