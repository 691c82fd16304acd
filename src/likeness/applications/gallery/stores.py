"""Where a gallery is kept: in a file, or in a PostgreSQL database whose address starts with `postgresql://`."""

from pathlib import Path

from likeness.applications.gallery.rows import Rows
from likeness.applications.gallery.sql_store import SqlStore
from likeness.applications.gallery.sqlite_database import PATIENCE, create_file, open_file, refuse_file
from likeness.applications.gallery.store import Contents

_ADDRESSES = ("postgresql://", "postgres://")


def open_store(where: str | Path, patience: float = PATIENCE) -> SqlStore:
    """The gallery in a file or at an address.

    Args:
        where: of the file, or the address.
        patience: seconds to wait for other processes that read or write.

    Raises:
        LikenessError: it is missing, no gallery, of another version, damaged, or can't be opened.
    """
    if is_address(where):
        from likeness.applications.gallery.postgres_database import open_database

        return SqlStore(open_database(str(where), patience))
    return SqlStore(open_file(Path(where), patience))


def create_store(where: str | Path, contents: Contents) -> None:
    """Make a gallery that holds `contents`.

    Raises:
        LikenessError: one is there already, or it can't be written.
    """
    if is_address(where):
        from likeness.applications.gallery.postgres_database import create_database

        create_database(str(where), lambda database: Rows(database).fill(contents), PATIENCE)
    else:
        create_file(Path(where), lambda database: Rows(database).fill(contents))


def refuse_existing(where: str | Path) -> str:
    """What to call a gallery that is to be made.

    Raises:
        LikenessError: something is there already.
    """
    if is_address(where):
        from likeness.applications.gallery.postgres_database import refuse_database

        return refuse_database(str(where), PATIENCE)
    return refuse_file(Path(where))


def is_address(where: str | Path) -> bool:
    """Whether this is a database's address, and not a file."""
    return str(where).startswith(_ADDRESSES)
