import builtins
import errno
import os
import threading
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import likeness.data.fingerprint as fingerprint
import likeness.runs.record.data_files as data_files
from likeness.config.schema.data import ImageFolder
from likeness.data.fingerprint import MISSING, SAMPLE, Files, HashedFile, hash_file, hash_files
from likeness.errors import LikenessError
from likeness.runs.record.data_files import (
    HashingFiles,
    changed_since,
    compare_since,
    describe_listing,
    first_difference,
    hash_listed,
    how_compared,
    listed_as,
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
    described = describe_listing(tmp_path, [files])
    assert (described["count"], described["bytes"], described["hash"]) == (3, 30, "full")


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


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    """A thousand small files, of which a sample is enough."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "many").mkdir()
    names = [f"{i:03}" for i in range(1000)]
    for name in names:
        (tmp_path / "many" / name).write_text(name * 2)
    return Files(tmp_path / "many", names, sampled=True)


def test_of_sampled_files_64_are_read_and_all_listed(
    many: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: Counter[str] = Counter()
    real = builtins.open

    def counting(path: Any, *rest: Any, **more: Any) -> Any:
        read[str(path)] += str(path).startswith(str(many.root))
        return real(path, *rest, **more)

    monkeypatch.setattr(builtins, "open", counting)
    listing = HashingFiles([many, many], tmp_path).finish()
    assert read.total() == SAMPLE == 64
    assert listing == read_listing(tmp_path)
    assert [Path(file.path).name for file in listing] == many.names
    assert {file.bytes for file in listing} == {6}
    places = [i for i, file in enumerate(listing) if file.sha256]
    assert (len(places), places[0], places[-1]) == (64, 0, 999)
    assert {after - before for before, after in pairwise(places)} <= {15, 16}
    for place in places:
        assert listing[place] == hash_file(listing[place].path)
    described = describe_listing(tmp_path, [many])
    assert (described["hash"], described["count"], described["bytes"]) == ("sampled", 1000, 6000)


def test_small_sets_are_read_whole_and_so_is_what_another_part_has_in_full(
    files: Files, many: Files, tmp_path: Path
) -> None:
    weights = Files(many.root, ["500"])
    listing = HashingFiles([many, files._replace(sampled=True), weights], tmp_path).finish()
    known = {Path(file.path).name for file in listing if file.sha256}
    assert {"a", "b", "c", "500"} <= known
    assert len(known) == 64 + 3 + 1
    assert describe_listing(tmp_path, [weights])["hash"] == "sampled"  # as another session listed them


def image_folder_node(**keys: str) -> ImageFolder:
    target = "likeness.data.image_folder.image_folder"
    size = {"spatial_size": 32, "channels": 3}
    return ImageFolder(_target_=target, root="x", split=[1.0, 0.0, 0.0], split_seed=0, **size, **keys)


def test_a_small_sampled_set_says_how_it_was_asked_for(files: Files, tmp_path: Path) -> None:
    node = image_folder_node(hash="sampled")
    sampled = listed_as(node, [files])
    assert all(file.sha256 for file in HashingFiles(sampled, tmp_path).finish())
    assert describe_listing(tmp_path, sampled)["hash"] == "sampled"
    for node in (image_folder_node(hash="full"), image_folder_node()):  # an old configuration has no such key
        assert describe_listing(tmp_path, listed_as(node, sampled))["hash"] == "full"


def test_a_large_file_is_not_read_for_a_sample(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint, "_LARGE", 9)
    assert [file.sha256 for file in hash_files(files._replace(sampled=True))] == [""] * 3
    assert all(file.sha256 for file in hash_files(files))


def test_what_is_known_by_size_is_compared_by_size() -> None:
    a, b, c = HashedFile("a", 1, "x"), HashedFile("b", 1, ""), HashedFile("c", 1, "z")
    assert first_difference([a, b, c], [a, b._replace(sha256="y"), c._replace(sha256="")]) is None
    assert first_difference([a, b, c], [a, b._replace(bytes=2), c]) == "b was changed"
    assert first_difference([a, b, c], [a._replace(sha256="w"), b, c]) == "a was changed"
    assert first_difference([a, b, c], [a, b, c._replace(bytes=2, sha256="")]) == "c was changed"
    assert first_difference([a, b, c], [a, HashedFile("b", MISSING, ""), c]) == "b is gone"
    assert first_difference([HashedFile("b", MISSING, "")], [HashedFile("b", MISSING, "")]) is None
    assert first_difference([HashedFile("b", MISSING, "")], [b]) == "b was changed"
    assert how_compared([a, c], [a, c]) is None
    assert how_compared([a, HashedFile("b", MISSING, "")], [a, HashedFile("b", MISSING, "")]) is None
    said = "sampled: sizes of 3 files and the contents of 1 compared"
    assert how_compared([a, b, c], [a, b, c._replace(sha256="")]) == said


def test_a_sampled_listing_finds_what_it_can_and_says_how_little(many: Files, tmp_path: Path) -> None:
    listing = HashingFiles([many], tmp_path).finish()
    said = "sampled: sizes of 1000 files and the contents of 64 compared"
    for files in (many, many._replace(sampled=False)):
        assert changed_since(tmp_path, [files]) == said
    assert hash_listed(listing) == listing
    (many.root / "001").write_text("another size")
    assert first_difference(listing, hash_listed(listing)) == f"{many.root / '001'} was changed"
    assert changed_since(tmp_path, [many]) == f"{many.root / '001'} was changed; {said}"
    (many.root / "001").write_text("001002")  # as large as before: it can't be told
    assert changed_since(tmp_path, [many]) == said
    (many.root / "000").write_text("001002")  # but of this one the content is known
    assert first_difference(listing, hash_listed(listing)) == f"{many.root / '000'} was changed"
    (many.root / "999").unlink()
    (many.root / "000").write_text("000000")
    assert first_difference(listing, hash_listed(listing)) == f"{many.root / '999'} is gone"


def test_what_the_system_refuses_on_the_thread_ends_the_run(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.open

    def refusing(path: Any, *rest: Any, **more: Any) -> Any:
        if str(path).startswith(str(files.root)):
            raise OSError(errno.EMFILE, "Too many open files")
        return real(path, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(builtins, "open", refusing)
        hashing = HashingFiles([files], tmp_path)
        hashing._thread.join()
    with pytest.raises(LikenessError, match=r"data/b cannot be read \(Too many open files\)"):
        hashing.finish()
    assert not (tmp_path / "data.csv").exists()
    assert len(HashingFiles([files], tmp_path).finish()) == 3


def begun(files: Files, folder: Path, names: list[str]) -> None:
    """What a run that was killed while it hashed had written by then, the last row in part."""
    rows = [hash_file(str(files.root / name)) for name in names]
    lines = "".join(f"{row.path},{row.bytes},{row.sha256}\n" for row in rows)
    (folder / "data.begun.csv").write_text(lines + "/half/a/row,12")


def test_what_was_hashed_before_a_kill_is_compared_and_the_rest_is_said(files: Files, tmp_path: Path) -> None:
    begun(files, tmp_path, ["a", "c"])
    changed, untold = compare_since(tmp_path, [files])
    assert changed is None
    assert untold == "1 of 3 files had not been hashed yet: whether they changed can't be told"
    (files.root / "b").write_text("another, which nobody can tell")
    assert compare_since(tmp_path, [files]).changed is None
    (files.root / "c").write_text("x" * 10)  # as large as before
    assert compare_since(tmp_path, [files]).changed == f"{files.root / 'c'} was changed"
    (files.root / "c").unlink()
    assert compare_since(tmp_path, [files]).changed == f"{files.root / 'c'} is gone"


def test_a_file_of_the_same_size_and_time_is_noticed_and_an_untouched_one_is_not_read_again(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint, "SETTLED", 0)
    HashingFiles([files], tmp_path).finish()
    with monkeypatch.context() as patch:
        patch.setattr(fingerprint, "_hashed", lambda path: pytest.fail(f"{path} was read again"))
        assert compare_since(tmp_path, [files]) == (None, None)
    before = os.stat(files.root / "b")
    (files.root / "b").write_text("B" * 10)
    os.utime(files.root / "b", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert compare_since(tmp_path, [files]).changed == f"{files.root / 'b'} was changed"


def test_a_wrong_hash_in_the_cache_accuses_no_file(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint, "SETTLED", 0)
    HashingFiles([files], tmp_path).finish()
    (cache,) = (tmp_path / "cache" / "likeness" / "hashes").iterdir()
    text = cache.read_text()
    for name in "abc":
        text = text.replace(hash_file(str(files.root / name)).sha256, "0" * 64)
    cache.write_text(text)
    assert compare_since(tmp_path, [files]) == (None, None)


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 50, b"path,bytes,sha256\nx,y,z\n", b'path,bytes,sha256\n"']
)
def test_a_damaged_listing_is_said_and_written_anew(content: bytes, files: Files, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes(content)
    changed, untold = compare_since(tmp_path, [files])
    assert changed is None
    assert "data.csv is damaged" in str(untold)
    listed = HashingFiles([files], tmp_path).finish()
    assert read_listing(tmp_path) == listed
