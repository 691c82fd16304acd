"""Listings that are kept between runs: they are those of the folders as they are, whatever was done to these."""

import os
from pathlib import Path

import pytest

from likeness.data import known_folders
from likeness.data.image_files import identity_folders

LONG_AGO = 10**18  # nanoseconds: a time that has settled


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(known_folders, "_MANY", 1)
    monkeypatch.setattr(known_folders, "SETTLED", -(10**18))  # as if all folders had been left alone since
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def filled(root: Path) -> Path:
    for identity in ("a", "b"):
        (root / identity).mkdir(parents=True)
        for image in ("2.jpg", "1.png"):
            (root / identity / image).write_bytes(b"")
    return root


def listings(monkeypatch: pytest.MonkeyPatch, root: Path) -> tuple[dict[str, list[str]], list[str]]:
    """The identities' images, and which folders were listed for it."""
    listed: list[str] = []
    scan = os.scandir

    def noted(folder: str) -> object:
        listed.append(os.path.basename(folder))
        return scan(folder)

    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", noted)
        return identity_folders(root), listed


def test_a_folder_that_has_not_changed_is_not_listed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = filled(tmp_path / "faces")
    first, listed = listings(monkeypatch, root)
    assert listed == ["faces", "a", "b"]
    assert listings(monkeypatch, root) == (first, ["faces"])
    assert first == {"a": ["1.png", "2.jpg"], "b": ["1.png", "2.jpg"]}


def test_what_is_added_removed_or_renamed_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = filled(tmp_path / "faces")
    identity_folders(root)
    (root / "a" / "3.jpg").write_bytes(b"")
    (root / "b" / "2.jpg").unlink()
    filled(root / "more").rename(root / "c")
    found, listed = listings(monkeypatch, root)
    assert found == {"a": ["1.png", "2.jpg", "3.jpg"], "b": ["1.png"], "c": found["c"]}
    assert listed[:3] == ["faces", "a", "b"]
    (root / "b").rename(root / "d")
    assert list(identity_folders(root)) == ["a", "c", "d"]


@pytest.mark.parametrize("beside", ["note.txt", ".hidden.jpg", "link", "folder"])
def test_a_folder_with_anything_else_in_it_is_listed_each_time(
    beside: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = filled(tmp_path / "faces")
    other = root / "a" / beside
    if beside == "link":
        other.with_suffix(".jpg").symlink_to(root / "b" / "1.png")
    elif beside == "folder":
        other.mkdir()
    else:
        other.write_bytes(b"")
    first, _ = listings(monkeypatch, root)
    again, listed = listings(monkeypatch, root)
    assert again == first
    assert "a" in listed
    assert "b" not in listed


def test_a_folder_that_changed_just_now_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_folders, "SETTLED", 2 * 10**9)
    root = filled(tmp_path / "faces")
    os.utime(root / "b", ns=(LONG_AGO, LONG_AGO))  # its time of change is now all the same
    identity_folders(root)
    assert listings(monkeypatch, root)[1] == ["faces", "a", "b"]


@pytest.mark.parametrize("spoiled", ["", "[]", '["other formats", {}]', "[null, null]", "{"])
def test_a_damaged_file_is_none(spoiled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = filled(tmp_path / "faces")
    first = identity_folders(root)
    (kept,) = (tmp_path / "cache" / "likeness" / "listings").iterdir()
    kept.write_text(spoiled)
    assert listings(monkeypatch, root) == (first, ["faces", "a", "b"])
