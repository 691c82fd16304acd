"""A gallery's file: made as it is meant, known again, and without a byte of what was removed."""

import json
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

import drawn_galleries
import numpy as np
import pytest
from drawn_galleries import D, about, centres, cohort, enrolment, filled, image, made

from likeness.applications.gallery.rows import Rows
from likeness.applications.gallery.schema import VERSION
from likeness.applications.gallery.sql_store import SqlStore
from likeness.applications.gallery.store import Contents
from likeness.applications.gallery.stores import open_store
from likeness.errors import LikenessError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.gallery"


@pytest.fixture
def store(path: Path) -> Iterator[SqlStore]:
    with filled(path) as store:
        yield store


def rows(seed: int, number: int = 2) -> np.ndarray:
    return about(centres(1, seed), number, 0.1, seed)[0]


def names(store: SqlStore) -> dict[str, int]:
    return {subject.name: templates for subject, templates in store.subjects()}


@pytest.mark.parametrize(("size", "subjects"), [(D, 60), (512, 30), (9000, 12)])
def test_what_is_removed_leaves_no_byte(size: int, subjects: int, path: Path, monkeypatch) -> None:
    """Of encodings that lie within a page and of such as need pages of their own, after merges that moved them."""
    monkeypatch.setitem(drawn_galleries.ENCODER, "dimensions", size)
    draw = np.random.default_rng(3)
    strangers = cohort(subjects=2)._replace(encodings=draw.standard_normal((10, size)).astype(np.float32))
    encodings = draw.standard_normal((subjects, 5, size)).astype(np.float32)
    store = made(path, strangers)
    for start in range(0, subjects, 6):
        store.enrol([enrolment(f"S{n}", encodings[n]) for n in range(start, start + 6)])
    store.merge(store.subject("S3"), [store.subject("S7")])
    gone = [*encodings[3], *encodings[7], *encodings[subjects - 1], encodings[5][2]]
    assert all(found_in(path, one) for one in gone)
    removed = [one for name in ("S3", f"S{subjects - 1}") for one in store.remove(store.subject(name))]
    removed += store.remove(store.subject("S5"), [image("S5-2").content])
    assert len(removed) == len(gone)
    assert not any(found_in(path, one) for one in gone)
    assert found_in(path, encodings[5][1])
    store.set_cohort(cohort(subjects=1)._replace(encodings=encodings[0]), "", drawn_galleries.ENCODER)
    assert not any(found_in(path, one) for one in strangers.encodings)
    store.close()
    assert not any(found_in(path, one) for one in gone)
    with open_store(path) as again:
        assert again.damage() == []


def found_in(path: Path, encoding: np.ndarray) -> bool:
    """Whether a piece of an encoding, 8 numbers in a row, stands in the file, its log or its index."""
    content = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    places = np.linspace(0, len(encoding) - 8, 12).astype(int)
    return any(encoding[place : place + 8].tobytes() in content for place in places)


def test_a_removal_that_was_cut_short_is_ended_by_the_next(path: Path) -> None:
    with filled(path) as store:
        encoding = store.contents().encodings[0]
        store._purge = lambda: None  # killed before
        store.remove(store.subject("S0"))
        with open_store(path):
            assert not found_in(path, encoding)


def test_the_file_is_its_owner_s_alone_and_is_made_as_it_is_meant(path: Path) -> None:
    with filled(path):
        files = list(path.parent.glob("people.gallery*"))
        assert len(files) == 3  # with its log and the log's index
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
        with sqlite3.connect(path) as connection:
            asked = ("application_id", "user_version", "page_size", "journal_mode")
            found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in asked]
        assert found == [0x4C4B4752, VERSION, 32768, "wal"]
        tables = connection.execute(
            "SELECT sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        )
        assert all(sql.endswith("STRICT") for (sql,) in tables)
        connection.close()
    assert list(path.parent.iterdir()) == [path]


def test_every_connection_is_set_to_lose_nothing(store: SqlStore) -> None:
    asked = ("synchronous", "secure_delete", "foreign_keys", "temp_store")
    found = [store._database.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in asked]
    assert found == [2, 1, 1, 2]


def test_a_file_that_is_there_is_not_made_anew(path: Path) -> None:
    path.write_text("mine")
    with pytest.raises(LikenessError, match="is there already: give the new gallery another name"):
        made(path)
    assert path.read_text() == "mine"
    assert list(path.parent.iterdir()) == [path]
    with pytest.raises(LikenessError, match=r"can't be made \(No such file or directory\)"):
        made(path.parent / "gone" / "people.gallery")


def _killed(path: Path, after: str) -> None:
    """Make a gallery, and be killed when its tables are filled, or when it has its name."""
    owner, name = (Rows, "fill") if after == "fill" else (os, "link")
    done = getattr(owner, name)

    def killed(*words: object) -> None:
        done(*words)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, killed)
    made(path)


@pytest.mark.parametrize("after", ["fill", "link"])
def test_what_a_killed_process_left_beside_goes_with_the_next(path: Path, after: str) -> None:
    process = get_context("fork").Process(target=_killed, args=(path, after))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    left = [file.name for file in path.parent.iterdir() if file.name.startswith(".people.gallery.")]
    assert left
    (path.parent / ".people.gallery.old.other").write_text("somebody else's")
    if after == "fill":
        made(path).close()
    else:
        open_store(path).close()
    assert sorted(file.name for file in path.parent.iterdir()) == [".people.gallery.old.other", path.name]


def test_what_is_being_made_is_left_alone(path: Path, monkeypatch) -> None:
    done, seen = Rows.fill, []

    def fill(rows: Rows, contents: Contents) -> None:
        monkeypatch.setattr(Rows, "fill", done)
        made(path).close()  # another, meanwhile
        seen.extend(file.name for file in path.parent.iterdir() if file.name.endswith(".partial"))
        done(rows, contents)

    monkeypatch.setattr(Rows, "fill", fill)
    with pytest.raises(LikenessError, match="is there already"):
        made(path)
    assert len(seen) == 1
    assert list(path.parent.iterdir()) == [path]


def test_settings_that_were_damaged_are_one_sentence(path: Path) -> None:
    whole = drawn_galleries.ENCODER
    with filled(path) as store:
        ada, kept = store.subject("S0"), {"revision": "1", "encoder": json.dumps(whole), "score": "mean"}
        for name, value in (
            ("revision", "x"),
            ("revision", ""),
            ("score", "best"),
            ("encoder", "{"),
            ("encoder", "[]"),
            ("encoder", "[" * 100_000),
            *(("encoder", json.dumps({**whole, key: 1.5})) for key in whole),
            *(("encoder", json.dumps({k: v for k, v in whole.items() if k != key})) for key in whole),
        ):
            store._rows.settings.set({**kept, name: value})
            with pytest.raises(LikenessError, match="is damaged, as its settings can't be read: take a copy"):
                store.contents()
        store._rows.settings.set({**kept, "revision": "x"})
        with pytest.raises(LikenessError, match="is damaged, as its settings"):
            store.remove(ada)
        store._rows.settings.set(kept)
        assert len(store.contents().subjects) == 8


def test_a_file_without_tables_is_one_sentence(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA application_id = 0x4C4B4752")
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.close()
    with pytest.raises(LikenessError, match="is damaged, as it has no table setting: take a copy of it"):
        open_store(path)


def test_what_is_no_gallery_is_one_sentence(path: Path) -> None:
    with pytest.raises(LikenessError, match=r"people\.gallery is missing: name a gallery, or make one"):
        open_store(path)
    with pytest.raises(LikenessError, match="is a folder, not a gallery"):
        open_store(path.parent)
    path.write_text("a text, and long enough to be looked at as the head of a database" * 20)
    with pytest.raises(LikenessError, match="is no gallery, or its beginning is damaged"):
        open_store(path)
    path.write_bytes(b"")
    with pytest.raises(LikenessError, match="is no gallery, but a database of something else"):
        open_store(path)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE other (x)")
    connection.close()
    with pytest.raises(LikenessError, match="is no gallery, but a database of something else"):
        open_store(path)


def test_another_version_is_refused(path: Path) -> None:
    filled(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    with pytest.raises(
        LikenessError, match=rf"is a gallery of version {VERSION + 1}, and this program reads"
    ):
        open_store(path)


def test_a_damaged_file_is_one_sentence(path: Path) -> None:
    filled(path, subjects=200).close()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(LikenessError, match="is damaged"), open_store(path) as store:
        store.contents()
    torn = bytearray(whole)
    torn[40_000:200_000] = bytes(160_000)
    path.write_bytes(torn)
    with pytest.raises(LikenessError, match="is damaged"), open_store(path) as store:
        store.contents()
    path.write_bytes(whole)
    with open_store(path) as store:
        store._database.connection.execute("UPDATE template SET encoding = x'00' WHERE number = 5")
        with pytest.raises(LikenessError, match=f"is damaged: an encoding has not {D} numbers"):
            store.contents()
        store._database.connection.execute("UPDATE setting SET value = '{' WHERE name = 'encoder'")
        with pytest.raises(LikenessError, match="is damaged, as its settings can't be read"):
            store.settings()


ON_A_FULL_DISK = """
import os, sys
from pathlib import Path
from drawn_galleries import about, centres, enrolment, filled
from likeness.applications.gallery.stores import open_store
from likeness.applications.gallery.transfer import export, import_gallery
from likeness.errors import LikenessError

full, folder = Path(sys.argv[1]), Path(sys.argv[2])
store = filled(full / "people.gallery")
export(store, folder / "whole")

def refused(change):
    try:
        change()
    except LikenessError as error:
        print(error)
    else:
        print("was not refused")

def fill(left):
    with open(full / "others", "wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass
    os.truncate(full / "others", os.path.getsize(full / "others") - left)

before = store.contents()
points = about(centres(4000, 9), 5, 0.1, 9)
many = [enrolment(f"N{number}", rows) for number, rows in enumerate(points)]
fill(65536)
refused(lambda: store.enrol(many))
fill(0)
refused(lambda: export(store, full / "export"))
refused(lambda: import_gallery(folder / "whole", full / "again.gallery"))
after = store.contents()
print(after.subjects == before.subjects, after.templates == before.templates, store.damage())
print(sorted(one.name for one in full.iterdir() if "again" in one.name))
os.remove(full / "others")
print(store.enrol(many[:1])[0].added, import_gallery(folder / "whole", full / "again.gallery"))
"""


def test_a_disk_that_is_full_changes_nothing(tmp_path: Path) -> None:
    """Of a file system in memory, in a namespace of its own, which some machines allow nobody to make."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = [
        "unshare",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        f'mount -t tmpfs -o size=6m t "{disk}" && exec "$@"',
        "sh",
    ]
    if shutil.which("unshare") is None or subprocess.run([*mounted, "true"], capture_output=True).returncode:
        pytest.skip(
            "no file system of a known size can be made here: that takes unshare, and leave to use it"
        )
    paths = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    done = subprocess.run(
        [*mounted, sys.executable, "-c", ON_A_FULL_DISK, str(disk), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    enrol, exported, imported, same, left, again = done.stdout.splitlines()
    assert enrol.endswith(
        "can't be written, as the disk is full: make room and run again; nothing was changed."
    )
    assert exported.endswith(
        "can't be written (No space left on device): make room, or give -o another folder."
    )
    assert "again.gallery" in imported
    assert same == "True True []"
    assert left == "[]"
    assert again == "5 8 subjects, 24 templates"


def test_a_full_database_changes_nothing(path: Path, store: SqlStore) -> None:
    pages = store._database.connection.execute("PRAGMA page_count").fetchone()[0]
    store._database.connection.execute(f"PRAGMA max_page_count = {pages}")
    before = names(store)
    many = [enrolment(f"N{number}", rows(number, 5)) for number in range(200)]
    with pytest.raises(
        LikenessError, match="as the disk is full: make room and run again; nothing was changed"
    ):
        store.enrol(many)
    assert names(store) == before
    store._database.connection.execute("PRAGMA max_page_count = 100000")
    assert len(store.enrol(many)) == 200
