"""What tests share: the data pack where it is there, and the real command line."""

import atexit
import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import warm
from blank_figures import blank_figures
from warm import Command

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("LIKENESS_SHARED", ROOT.parent / "shared"))
# First, so that no process waits for them at the end.
LONGEST = (
    "test_default_run.py",
    "test_resume.py",
    "test_installed.py",
    "test_launchers.py",
    "test_documents.py",
)
UNPACK = SHARED / "data" / "unpack"


def pytest_sessionstart() -> None:
    gc.disable()  # what is imported for the tests stays: to look for garbage in it takes a fifth of the collection


def pytest_collection_finish() -> None:
    gc.freeze()  # nor is it looked through in each test
    gc.enable()
    atexit.register(gc.unfreeze)  # lest libraries complain of what the interpreter leaves behind


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not UNPACK.is_file():
        missing = pytest.mark.skip(reason=f"the data pack is not at {SHARED} (set LIKENESS_SHARED)")
        for item in items:
            if item.get_closest_marker("real_data"):
                item.add_marker(missing)
    first = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: first.get(item.path.name, len(first)))


@pytest.fixture(scope="session")
def real_data(request: pytest.FixtureRequest) -> Path:
    """The data pack, unpacked: lfw/, celeba/, omniglot/, pictures/, weights/."""
    folder = request.config.cache.mkdir("real_data")
    subprocess.run(["bash", str(UNPACK), str(folder)], check=True, stdout=subprocess.DEVNULL)
    return Path(folder)


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Run a program of the project in a folder of its own, as a user would; its output is text.

    Each start of an interpreter costs seconds: one of each subcommand is enough, and `warm_command` does the rest.
    """

    def run(*words: str, timeout: float = 300, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words],
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "120", **environment},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run


@pytest.fixture
def warm_command(tmp_path: Path) -> Command:
    """The same from a process that has imported everything already, for what doesn't hang on the start itself."""

    def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return warm.run(words, tmp_path, {"COLUMNS": "120", **environment})

    return run


@pytest.fixture(scope="module")
def without_drawing() -> Iterator[None]:
    """In a module whose tests look at no figure, its runs in this process draw none."""
    with blank_figures():
        yield
