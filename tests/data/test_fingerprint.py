import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from sample_images import people

import likeness.data.fingerprint as fingerprint
from likeness.data.drawn_faces import drawn_faces
from likeness.data.drawn_faces import images as drawn_images
from likeness.data.fingerprint import MISSING, Files, HashedFile, hash_file, hash_files
from likeness.data.image_folder import image_folder
from likeness.data.images import Pairs


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    """Three files that were changed an hour ago, one of them with a name that CSV and UTF-8 do not like."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(
        fingerprint, "SETTLED", -(10**12)
    )  # the time of a file's last change can't be set back
    root = tmp_path / "data"
    root.mkdir()
    names = ["a.jpg", 'b, "quoted"\n.jpg', os.fsdecode(b"c\xff.jpg")]
    for name in names:
        (root / name).write_text(name.encode("utf-8", "surrogateescape").hex() * 100)
    return Files(root, names)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the files that are read."""
    paths: list[str] = []
    hashed = fingerprint._hashed

    def noting(path: str) -> tuple[HashedFile, str | None]:
        paths.append(path)
        return hashed(path)

    monkeypatch.setattr(fingerprint, "_hashed", noting)
    return paths


def expected(files: Files) -> list[HashedFile]:
    contents = {name: (files.root / name).read_bytes() for name in files.names}
    return [
        HashedFile(str(files.root / name), len(content), hashlib.sha256(content).hexdigest())
        for name, content in contents.items()
    ]


def test_files_are_hashed_and_a_second_time_not_read(files: Files, read: list[str]) -> None:
    assert list(hash_files(files)) == expected(files)
    assert len(read) == 3
    assert list(hash_files(files)) == expected(files)
    assert len(read) == 3
    assert not list(files.root.glob("*.csv"))


def test_a_file_with_another_content_size_time_or_inode_is_read_again(files: Files, read: list[str]) -> None:
    list(hash_files(files))
    path = files.root / "a.jpg"
    status = path.stat()
    path.write_text("x" * status.st_size)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))  # as if never touched
    assert list(hash_files(files)) == expected(files)
    assert read[3:] == [str(path)]
    (files.root / "new").write_text("y" * status.st_size)
    os.utime(files.root / "new", ns=(status.st_atime_ns, status.st_mtime_ns))
    (files.root / "new").rename(path)
    assert list(hash_files(files)) == expected(files)
    assert read[4:] == [str(path)]


def test_a_file_that_was_just_written_is_not_trusted_to_stay(
    files: Files, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint, "SETTLED", 10**12)
    list(hash_files(files))
    list(hash_files(files))
    assert len(read) == 6


def test_a_file_that_is_gone_is_missing(files: Files) -> None:
    list(hash_files(files))
    (files.root / "a.jpg").unlink()
    assert next(hash_files(files)) == HashedFile(str(files.root / "a.jpg"), MISSING, "")


def test_hashing_that_is_stopped_keeps_what_it_has(files: Files, read: list[str]) -> None:
    hashing = hash_files(files)
    next(hashing)
    hashing.close()
    list(hash_files(files))
    assert len(read) == 3


@pytest.mark.parametrize("damage", [b"a,b\n", b"\0", b'"', b"\xff\xfe,,,,\n"])
def test_a_damaged_cache_is_none(damage: bytes, files: Files, tmp_path: Path) -> None:
    list(hash_files(files))
    (cache,) = (tmp_path / "cache" / "likeness" / "hashes").iterdir()
    cache.write_bytes(damage)
    assert list(hash_files(files)) == expected(files)
    assert list(hash_files(files)) == expected(files)


def test_without_a_place_for_a_cache_all_is_hashed(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert list(hash_files(files)) == expected(files)


def test_one_file_is_hashed_past_the_cache(files: Files, read: list[str]) -> None:
    list(hash_files(files))
    assert hash_file(str(files.root / "a.jpg")) == expected(files)[0]
    assert len(read) == 4


def test_the_files_of_a_split_are_those_of_the_whole(tmp_path: Path) -> None:
    root = people(tmp_path, {str(i): 2 for i in range(10)})
    splits = image_folder(root=str(root), spatial_size=24, channels=3, split=(0.6, 0.2, 0.2))
    assert splits.train is not None
    assert splits.test is not None
    names = sorted(str(path.relative_to(root)) for path in root.rglob("*.jpg"))
    for part in (splits.train, splits.test):
        assert part.files().root == root
        assert sorted(part.files().names) == names


def test_drawn_faces_have_no_files_but_the_code_that_draws_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = {"identities": 2, "pictures_per_identity": 2, "validation_identities": 2, "test_identities": 2}
    train = drawn_faces(**words, seed=0, image_size=16, channels=3).train
    assert train is not None
    assert not train.files().names
    before = train.fingerprint()
    for path in Path(drawn_images.__file__).parent.glob("*.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(drawn_images, "__file__", str(tmp_path / "images.py"))
    drawn_images._hash_of_code.cache_clear()
    try:
        assert train.fingerprint() == before
        (tmp_path / "hair.py").write_text((tmp_path / "hair.py").read_text() + "# longer\n")
        drawn_images._hash_of_code.cache_clear()
        assert train.fingerprint() != before
    finally:
        drawn_images._hash_of_code.cache_clear()


def test_every_column_of_the_pairs_counts() -> None:
    columns = [np.arange(4), np.arange(4) + 4, np.array([True, False] * 2), np.zeros(4, np.int64)]
    prints = [Pairs(*columns).fingerprint()]
    for i in range(4):
        other = [column.copy() for column in columns]
        other[i][2] = 1 - other[i][2].astype(int)
        prints.append(Pairs(*other).fingerprint())
    assert len({each["sha256"] for each in prints}) == 5
