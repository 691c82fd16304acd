"""A store keeps what it is told, whole or not at all, and forgets what it is told to forget."""

import os
import signal
import sqlite3
import stat
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

import drawn_galleries
import numpy as np
import pytest
from drawn_galleries import D, about, centres, cohort, enrolment, filled, image, images, made

from likeness.applications.gallery.score import Score
from likeness.applications.gallery.sqlite_file import VERSION
from likeness.applications.gallery.sqlite_store import SqliteStore
from likeness.applications.gallery.store import Correction, Reencoded, Store, Subject, Whom
from likeness.errors import LikenessError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.gallery"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """Of eight subjects with three templates each; any other store is to pass these tests too."""
    with filled(path) as store:
        yield store


def rows(seed: int, number: int = 2) -> np.ndarray:
    return about(centres(1, seed), number, 0.1, seed)[0]


def names(store: Store) -> dict[str, int]:
    return {subject.name: templates for subject, templates in store.subjects()}


# What it keeps


def test_what_is_enrolled_is_there_to_the_bit(store: Store, path: Path) -> None:
    added = rows(7)
    (done,) = store.enrol([enrolment("Ada", added, "17")])
    assert (done.new, done.added, done.known) == (True, 2, 0)
    with SqliteStore(path) as again:
        contents = again.contents()
    assert len(contents.subjects) == 9
    place = [one.id for one in contents.subjects].index("17")
    assert np.array_equal(contents.encodings[contents.row == place], added)
    assert [contents.templates[t].image for t in np.flatnonzero(contents.row == place)] == images("Ada", 2)
    assert (np.diff(contents.row) >= 0).all()
    assert contents.revision == 2
    assert len(contents.cohort.images) == 200
    assert np.array_equal(contents.cohort.encodings, cohort().encodings)


def test_one_image_is_one_template_whatever_its_file_is_called(store: Store) -> None:
    one = image("S1-0")._replace(file="/elsewhere/renamed.png")
    (done,) = store.enrol([enrolment("S1", rows(7), called=[one, image("new")])])
    assert (done.new, done.added, done.known) == (False, 1, 1)
    (done,) = store.enrol([enrolment("S1", rows(8), called=[image("twice"), image("twice")])])
    assert (done.added, done.known) == (1, 1)
    with pytest.raises(LikenessError, match=r"S1-0\.png is an image of S1 \(2\) already: leave it out"):
        store.enrol([enrolment("Bob", rows(9), called=[image("bob"), image("S1-0")])])
    assert "Bob" not in names(store)
    with pytest.raises(LikenessError, match="is in the cohort of"):
        store.enrol([enrolment("Bob", rows(9, 1), called=[image("stranger-0-0")])])


def test_a_subject_is_known_by_id_or_by_a_name_of_one(store: Store) -> None:
    store.enrol([enrolment("Ada", rows(7), "x"), enrolment("S0", rows(8, 1), "y", [image("other S0")])])
    assert store.subject("x").name == "Ada"
    assert store.subject("Ada").id == "x"
    with pytest.raises(
        LikenessError, match=r"S0 says not who it is, 2 are called so: give an id, one of 1, y\."
    ):
        store.subject("S0")
    with pytest.raises(LikenessError, match="S0 says not who it is"):
        store.enrol([enrolment("S0", rows(9), called=images("more", 2))])
    with pytest.raises(LikenessError, match=r"Nobody in .* is called Adda: did you mean Ada\?"):
        store.subject("Adda")
    with pytest.raises(LikenessError, match="The id x is that of Ada: give Bob another one"):
        store.enrol([enrolment("Bob", rows(9), "x")])
    store.enrol([enrolment("3", rows(9), "three")])  # a name that is another's id
    with pytest.raises(LikenessError, match="3 says not who it is"):
        store.subject("3")


def test_ids_that_were_given_are_not_given_again(store: Store) -> None:
    store.enrol([enrolment("Ada", rows(7), "10")])
    (bob,) = store.enrol([enrolment("Bob", rows(8))])
    assert bob.subject.id != "10"
    store.remove(bob.subject)
    (carol,) = store.enrol([enrolment("Carol", rows(9))])
    assert carol.subject.number > bob.subject.number


# Corrections


def test_merge_and_split_move_templates_and_keep_why(store: Store) -> None:
    one, other = store.subject("S0"), store.subject("S1")
    store.merge(one, [other])
    assert names(store)["S0"] == 6
    assert "S1" not in names(store)
    assert {correction.kind for correction in store.corrections()} == {"must"}
    back = store.split(one, [image("S1-0").content, image("S1-1").content], Whom("Eve"))
    assert names(store)["S0"] == 4
    assert names(store)["Eve"] == 2
    cannot = [correction for correction in store.corrections() if correction.kind == "cannot"]
    assert len(cannot) == 8  # of each image that went with each that stayed
    store.merge(one, [back])
    assert {correction.kind for correction in store.corrections()} == {"must"}


def test_what_is_said_last_counts(store: Store) -> None:
    store.correct([Correction("must", "b", "a")])
    store.correct([Correction("cannot", "a", "b")])
    assert store.corrections() == [Correction("cannot", "a", "b")]


def test_corrections_survive_another_encoder(store: Store) -> None:
    store.merge(store.subject("S0"), [store.subject("S1")])
    before, contents = store.corrections(), store.contents()
    encodings = np.random.default_rng(0).standard_normal((24, D)).astype(np.float32)
    settings = contents.settings._replace(where="/runs/NEW")
    store.reencode(contents.revision, Reencoded(settings, encodings, contents.cohort))
    after = store.contents()
    assert np.array_equal(after.encodings, encodings)
    assert [one.image for one in after.templates] == [one.image for one in contents.templates]
    assert after.settings.where == "/runs/NEW"
    assert store.corrections() == before != []
    with pytest.raises(LikenessError, match="was changed while images were encoded"):
        store.reencode(contents.revision, Reencoded(settings, encodings, contents.cohort))


def test_a_subject_that_is_gone_is_said_so(store: Store) -> None:
    gone = store.subject("S2")
    store.remove(gone)
    for change in (
        lambda: store.rename(gone, "Ada"),
        lambda: store.remove(gone),
        lambda: store.merge(store.subject("S0"), [gone]),
        lambda: store.split(gone, [], Whom("Ada")),
    ):
        with pytest.raises(LikenessError, match=r"S2 \(3\) is no longer in "):
            change()


def test_the_cohort_s_distances_are_kept_until_the_gallery_changes(store: Store) -> None:
    revision = store.contents().revision
    store.keep_smallest(revision - 1, np.zeros(200))
    assert store.contents().cohort.smallest is None
    store.keep_smallest(revision, np.arange(200.0))
    assert np.array_equal(store.contents().cohort.smallest, np.arange(200.0))
    for change in (
        lambda: store.enrol([enrolment("Ada", rows(7))]),
        lambda: store.set_score(Score.maximum),
        lambda: store.remove(store.subject("Ada")),
        lambda: store.set_cohort(cohort(), ""),
    ):
        change()
        assert store.contents().cohort.smallest is None
        store.keep_smallest(store.contents().revision, np.arange(200.0))


# Nothing left


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
    store.set_cohort(cohort(subjects=1)._replace(encodings=encodings[0]), "")
    assert not any(found_in(path, one) for one in strangers.encodings)
    store.close()
    assert not any(found_in(path, one) for one in gone)
    with SqliteStore(path) as again:
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
        with SqliteStore(path):
            assert not found_in(path, encoding)


# Whole or absent


def _enrol_until_killed(path: str, said: int) -> None:
    with SqliteStore(Path(path)) as store:
        for number in range(10_000):
            store.enrol([enrolment(f"N{number}", rows(number, 5))])
            os.write(said, number.to_bytes(4, "big"))


def test_a_kill_leaves_each_enrolment_whole_or_absent_and_what_was_acknowledged_there(tmp_path: Path) -> None:
    fork, draw = get_context("fork"), np.random.default_rng(5)
    for trial in range(50):
        path = tmp_path / f"{trial}.gallery"
        made(path, cohort(subjects=1)).close()
        reader, writer = os.pipe()
        process = fork.Process(target=_enrol_until_killed, args=(str(path), writer))
        process.start()
        os.close(writer)
        first = os.read(reader, 4)  # it has begun
        process.join(draw.uniform(0, 0.03))
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        with os.fdopen(reader, "rb") as rest:
            acknowledged = (len(first) + len(rest.read())) // 4
        with SqliteStore(path) as store:
            found = store.subjects()
            assert store.damage() == []
        assert [(one.name, templates) for one, templates in found] == [
            (f"N{n}", 5) for n in range(len(found))
        ]
        assert acknowledged <= len(found) <= acknowledged + 1


def _enrol_many(path: str, name: str, barrier) -> None:
    with SqliteStore(Path(path)) as store:
        barrier.wait()
        for number in range(25):
            store.enrol([enrolment(f"{name}{number}", rows(number, 2))])
        store.enrol([enrolment("both", rows(1, 1), called=[image(f"{name}-both")])])


def test_two_processes_enrol_at_once(path: Path) -> None:
    made(path).close()
    fork = get_context("fork")
    barrier = fork.Barrier(2)
    processes = [fork.Process(target=_enrol_many, args=(str(path), name, barrier)) for name in "ab"]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    with SqliteStore(path) as store:
        found = names(store)
        assert len({subject.id for subject, _ in store.subjects()}) == 51
        assert store.damage() == []
    assert found == {f"{name}{n}": 2 for name in "ab" for n in range(25)} | {"both": 2}


# The file


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


def test_every_connection_is_set_to_lose_nothing(store: SqliteStore) -> None:
    asked = ("synchronous", "secure_delete", "foreign_keys", "temp_store")
    found = [store._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in asked]
    assert found == [2, 1, 1, 2]


def test_a_file_that_is_there_is_not_made_anew(path: Path) -> None:
    path.write_text("mine")
    with pytest.raises(LikenessError, match="is there already: give the new gallery another name"):
        made(path)
    assert path.read_text() == "mine"
    assert list(path.parent.iterdir()) == [path]
    with pytest.raises(LikenessError, match=r"can't be made \(No such file or directory\)"):
        made(path.parent / "gone" / "people.gallery")


def test_what_is_no_gallery_is_one_sentence(path: Path) -> None:
    with pytest.raises(LikenessError, match=r"people\.gallery is missing: name a gallery, or make one"):
        SqliteStore(path)
    with pytest.raises(LikenessError, match="is a folder, not a gallery"):
        SqliteStore(path.parent)
    path.write_text("a text, and long enough to be looked at as the head of a database" * 20)
    with pytest.raises(LikenessError, match="is no gallery, or its beginning is damaged"):
        SqliteStore(path)
    path.write_bytes(b"")
    with pytest.raises(LikenessError, match="is no gallery, but a database of something else"):
        SqliteStore(path)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE other (x)")
    connection.close()
    with pytest.raises(LikenessError, match="is no gallery, but a database of something else"):
        SqliteStore(path)


def test_another_version_is_refused(path: Path) -> None:
    filled(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    with pytest.raises(
        LikenessError, match=rf"is a gallery of version {VERSION + 1}, and this program reads"
    ):
        SqliteStore(path)


def test_a_damaged_file_is_one_sentence(path: Path) -> None:
    filled(path, subjects=200).close()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(LikenessError, match="is damaged"), SqliteStore(path) as store:
        store.contents()
    torn = bytearray(whole)
    torn[40_000:200_000] = bytes(160_000)
    path.write_bytes(torn)
    with pytest.raises(LikenessError, match="is damaged"), SqliteStore(path) as store:
        store.contents()
    path.write_bytes(whole)
    with SqliteStore(path) as store:
        store._connection.execute("UPDATE template SET encoding = x'00' WHERE number = 5")
        with pytest.raises(LikenessError, match=f"is damaged: an encoding has not {D} numbers"):
            store.contents()
        store._connection.execute("UPDATE setting SET value = '{' WHERE name = 'encoder'")
        with pytest.raises(LikenessError, match="is damaged: its settings can't be read"):
            store.settings()


def test_a_locked_file_is_one_sentence_and_can_still_be_read(path: Path, store: Store) -> None:
    with SqliteStore(path, patience=0.05) as other:
        store._connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(LikenessError, match="is locked: another process writes to it"):
            other.enrol([enrolment("Ada", rows(7))])
        assert len(other.contents().subjects) == 8
        store._connection.execute("ROLLBACK")
        other.enrol([enrolment("Ada", rows(7))])
        assert "Ada" in names(store)


def test_a_reader_keeps_a_removal_from_ending(path: Path) -> None:
    with filled(path) as reading, SqliteStore(path, patience=0.05) as removing:
        reading._connection.execute("BEGIN")
        reading._connection.execute("SELECT count(*) FROM template").fetchone()
        with pytest.raises(LikenessError, match="It is removed, but another process still reads"):
            removing.remove(removing.subject("S0"))
        reading._connection.execute("COMMIT")
        assert "S0" not in names(reading)


def test_a_full_disk_changes_nothing(path: Path, store: SqliteStore) -> None:
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    before = names(store)
    many = [enrolment(f"N{number}", rows(number, 5)) for number in range(200)]
    with pytest.raises(
        LikenessError, match="as the disk is full: make room and run again; nothing was changed"
    ):
        store.enrol(many)
    assert names(store) == before
    store._connection.execute("PRAGMA max_page_count = 100000")
    assert len(store.enrol(many)) == 200


def test_a_subject_is_shown_with_its_id() -> None:
    assert str(Subject(3, "17", "Ada")) == "Ada (17)"
