import threading
from pathlib import Path

import pytest

import likeness.runs.record.data_files as data_files
from likeness.data.fingerprint import MISSING, Files, HashedFile, hash_file
from likeness.runs.record.data_files import (
    HashingFiles,
    describe_listing,
    first_difference,
    hash_listed,
    read_listing,
)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "data").mkdir()
    for name in ("b", "a", "c"):
        (tmp_path / "data" / name).write_text(name * 10)
    return Files(tmp_path / "data", ["b", "a", "c"])


def test_each_file_is_listed_once_in_the_order_of_the_paths(files: Files, tmp_path: Path) -> None:
    hashed = HashingFiles([files, files, Files(files.root, ["a"])], tmp_path).finish()
    assert hashed == [hash_file(str(files.root / name)) for name in "abc"] == read_listing(tmp_path)
    described = describe_listing(tmp_path)
    assert (described["count"], described["bytes"]) == (3, 30)


def test_the_listing_of_the_first_session_is_kept(files: Files, tmp_path: Path) -> None:
    first = HashingFiles([files], tmp_path).finish()
    (files.root / "a").write_text("another")
    second = HashingFiles([files], tmp_path).finish()
    assert read_listing(tmp_path) == first != second
    assert first_difference(first, second) == f"{files.root / 'a'} was changed"


def test_a_run_that_ends_early_waits_for_nothing(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, hash_files = threading.Event(), data_files.hash_files

    def slowly(some: Files):
        for hashed in hash_files(some):
            go_on.wait(10)
            yield hashed

    monkeypatch.setattr(data_files, "hash_files", slowly)
    hashing = HashingFiles([files], tmp_path)
    hashing.stop()
    go_on.set()
    hashing._thread.join()
    assert not (tmp_path / "data.csv").exists()


def test_what_happened_to_a_file_is_named() -> None:
    a, b = HashedFile("a", 1, "x"), HashedFile("b", 1, "y")
    assert first_difference([a, b], [b, a]) is None
    assert first_difference([a, b], [a, b._replace(sha256="z")]) == "b was changed"
    assert first_difference([a, b], [b, HashedFile("a", MISSING, "")]) == "a is gone"
    assert first_difference([a, b], [b]) == "a is gone"
    assert first_difference([b], [b, a]) == "a was added"


def test_a_listing_is_hashed_from_the_files_themselves(files: Files, tmp_path: Path) -> None:
    listing = HashingFiles([files], tmp_path).finish()
    assert hash_listed(listing) == listing
    (files.root / "c").unlink()
    assert first_difference(listing, hash_listed(listing)) == f"{files.root / 'c'} is gone"
