"""Where a gallery under test is kept: in a file, and in a database of a real PostgreSQL server with pgvector."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple

import pytest


class Server(NamedTuple):
    """A server that runs while the tests do: the folder of its files, and what makes a database, of an address."""

    folder: Path
    new_database: Callable[[], str]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """PostgreSQL 16 with pgvector, from the package pgserver: on a socket in a folder of its own, without a port."""
    pgserver = pytest.importorskip(
        "pgserver", reason="PostgreSQL comes with pgserver: pip install 'likeness[dev]'"
    )
    psycopg = pytest.importorskip("psycopg", reason="pip install 'likeness[postgres]'")
    folder = Path(mkdtemp(prefix="likeness-postgres-"))
    running: Any = pgserver.get_server(folder, cleanup_mode="delete")
    numbers = count()

    def done(statement: str) -> None:
        with psycopg.connect(running.get_uri(), autocommit=True) as connection:
            connection.execute(statement)

    def new_database() -> str:
        name = f"people{next(numbers)}"
        done(f"CREATE DATABASE {name}")
        return running.get_uri(name)

    try:
        done("ALTER SYSTEM SET fsync = off")  # nothing here is to survive the machine
        done("SELECT pg_reload_conf()")
        yield Server(folder, new_database)
    finally:
        running.cleanup()
        assert not folder.exists()


@pytest.fixture(scope="session")
def database(server: Server) -> str:
    """The address of one that is used again and again."""
    return server.new_database()


@pytest.fixture
def address(database: str) -> Iterator[str]:
    """The address of a database that holds no gallery yet."""
    import psycopg

    yield database
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS likeness CASCADE")


@pytest.fixture(params=["file", "postgres"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place for a gallery, of each kind."""
    if request.param == "file":
        return str(tmp_path / "people.gallery")
    return request.getfixturevalue("address")
