"""A store keeps what it is told, whole or not at all, and forgets what it is told to forget."""

import os
import signal
from collections.abc import Iterator
from multiprocessing import get_context
from time import monotonic

import numpy as np
import pytest
from drawn_galleries import ENCODER, D, about, centres, cohort, enrolment, filled, image, images, made

from likeness.applications.gallery.score import Score
from likeness.applications.gallery.store import (
    Correction,
    NearestSubjects,
    Reencoded,
    Regrouped,
    StillKept,
    Store,
    Subject,
    Whom,
)
from likeness.applications.gallery.stores import open_store
from likeness.errors import LikenessError


@pytest.fixture
def store(where: str) -> Iterator[Store]:
    """Of eight subjects with three templates each, in each kind of store."""
    with filled(where) as store:
        yield store


def rows(seed: int, number: int = 2) -> np.ndarray:
    return about(centres(1, seed), number, 0.1, seed)[0]


def names(store: Store) -> dict[str, int]:
    return {subject.name: templates for subject, templates in store.subjects()}


# What it keeps


def test_what_is_enrolled_is_there_to_the_bit(store: Store, where: str) -> None:
    added = rows(7)
    (done,) = store.enrol([enrolment("Ada", added, "17")])
    assert (done.new, done.added, done.known) == (True, 2, 0)
    with open_store(where) as again:
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
    assert store.subject("3").name == "S2"
    assert store.subject("three").name == "3"


def test_everybody_is_named_by_an_id_where_names_are_numbers(where: str) -> None:
    with made(where) as store:
        store.enrol([enrolment(str(number), rows(number, 1)) for number in range(3)])
        assert [str(store.subject(one.id)) for one, _ in store.subjects()] == ["0 (1)", "1 (2)", "2 (3)"]
        assert str(store.subject("0")) == "0 (1)"


def test_a_name_is_one_line_and_one_however_it_is_written(where: str) -> None:
    with made(where) as store:
        (done,) = store.enrol([enrolment("Jose\u0301", rows(7), "i\u0301")])
        assert done.subject == Subject(done.subject.number, "\u00ed", "Jos\u00e9")
        (again,) = store.enrol([enrolment("Jos\u00e9", rows(8), called=images("more", 2))])
        assert (again.new, again.subject) == (False, done.subject)
        assert store.subject("i\u0301") == store.subject("Jose\u0301") == done.subject
        for name, what in (
            ("", "A subject's name is empty: give one"),
            (" \t", "A subject's name is empty: give one"),
            ("A\nlikeness: B\x1b[31m", r"A\\nlikeness: B\\x1b\[31m is no name that can be shown in a line"),
            ("a\u202eb", r"a\\u202eb is no name"),
            ("\udcff\udcfe", r"\\udcff\\udcfe is no name that can be shown in a line of UTF-8"),
        ):
            for change in (
                lambda name=name: store.enrol([enrolment(name, rows(9), called=images("x", 2))]),
                lambda name=name: store.rename(done.subject, name),
                lambda name=name: store.split(done.subject, [image("more-0").content], Whom(name)),
                lambda name=name: store.found(Whom(name)),
            ):
                with pytest.raises(LikenessError, match=what):
                    change()
        with pytest.raises(LikenessError, match="A subject's id is empty"):
            store.found(Whom("Ada", ""))
        with pytest.raises(LikenessError, match=r"Nobody in .* is called \u00ff"):
            store.subject("\u00ff")
        store.rename(done.subject, "Zoe\u0308")
        assert names(store) == {"Zo\u00eb": 4}


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


def distances(of: int = 200) -> NearestSubjects:
    return NearestSubjects(np.arange(float(of)), np.ones(of, dtype=np.int64))


def test_the_cohort_s_distances_are_kept_with_who_has_changed_since(store: Store) -> None:
    revision = store.contents().revision
    store.keep_distances(revision - 1, distances())
    assert store.contents().cohort.measured is None
    store.keep_distances(revision, distances())
    kept = store.contents().cohort.measured
    assert kept is not None
    assert np.array_equal(kept.distances.smallest, np.arange(200.0))
    assert np.array_equal(kept.distances.number, np.ones(200))
    assert kept.changed == set()
    ada, first, second = (store.subject(f"S{number}") for number in range(3))

    def moved(subject: Subject, number: int) -> list[str]:
        return [store.templates(subject)[number].image.content]

    for change, whom in (
        (lambda: store.enrol([enrolment("New", rows(7))]), {9}),
        (lambda: store.enrol([enrolment("S0", rows(8), called=images("more", 2))]), {ada.number}),
        (lambda: store.enrol([enrolment("S0", rows(8), called=images("more", 2))]), set()),
        (lambda: store.rename(first, "Grace"), set()),
        (lambda: store.split(first, moved(first, 0), Whom("Other")), {first.number, 10}),
        (lambda: store.say_is(store.templates(first)[0].image, ada), {first.number, ada.number}),
        (lambda: store.merge(ada, [first]), {first.number, ada.number}),
        (lambda: store.remove(second, moved(second, 0)), {second.number}),
        (lambda: store.remove(second), {second.number}),
    ):
        change()
        measured = store.contents().cohort.measured
        assert measured is not None
        assert measured.changed == whom
        store.keep_distances(store.contents().revision, distances())


@pytest.mark.parametrize("change", ["score", "cohort", "encoder"])
def test_no_distance_of_the_cohort_is_kept_where_all_have_changed(store: Store, change: str) -> None:
    before = store.contents()
    store.keep_distances(before.revision, distances())
    if change == "score":
        store.set_score(Score.maximum)
    elif change == "cohort":
        store.set_cohort(cohort(), "", ENCODER)
    else:
        store.reencode(before.revision, Reencoded(before.settings, -before.encodings, before.cohort))
    assert store.contents().cohort.measured is None


def test_who_becomes_whose_by_clustering_again_has_changed(store: Store) -> None:
    before = store.contents()
    store.keep_distances(before.revision, distances())
    row = before.row.copy()
    row[before.row == 3] = 2  # the fourth subject's become the third's
    more = Regrouped(before.subjects, np.append(row, 5), [image("new")], rows(9)[:1])
    store.regroup(before.revision, more)
    measured = store.contents().cohort.measured
    assert measured is not None
    assert measured.changed == {3, 4, 6}


def test_distances_of_the_cohort_before_are_not_kept_for_another(store: Store) -> None:
    before = store.contents()
    store.set_cohort(cohort(seed=5), "/strangers", ENCODER)  # of as many images
    store.keep_distances(before.revision, distances())
    assert store.contents().cohort.measured is None


def test_a_cohort_that_was_taken_meanwhile_is_not_lost_to_another_encoder(store: Store) -> None:
    before = store.contents()
    store.set_cohort(cohort(50, 3, seed=5), "/strangers", ENCODER)
    with pytest.raises(LikenessError, match="was changed while images were encoded"):
        store.reencode(before.revision, Reencoded(before.settings, -before.encodings, before.cohort))
    after = store.contents()
    assert len(after.cohort.images) == 150
    assert after.settings.cohort_from == "/strangers"
    assert np.array_equal(after.encodings, before.encodings)


def test_encodings_of_another_encoder_are_refused_where_it_was_changed_meanwhile(store: Store) -> None:
    before = store.contents()
    other = {**ENCODER, "weights": "1" * 64}
    settings = before.settings._replace(encoder=other)
    store.reencode(before.revision, Reencoded(settings, -before.encodings, before.cohort))
    there = store.contents()
    for late in (
        lambda: store.enrol([enrolment("Late", rows(7))]),
        lambda: store.set_cohort(cohort(seed=5), "/strangers", ENCODER),
    ):
        with pytest.raises(
            LikenessError, match="got another encoder while images were encoded: run the same"
        ):
            late()
    after = store.contents()
    assert after.subjects == there.subjects
    assert np.array_equal(after.cohort.encodings, there.cohort.encodings)
    store.enrol([enrolment("Now", rows(7))._replace(encoder=other)])
    store.set_cohort(cohort(seed=5), "/strangers", other)


def test_nobody_is_called_as_a_stranger_of_the_cohort_is(store: Store) -> None:
    sentence = "stranger 3 is somebody of the cohort of .*, which must be strangers: give another name"
    before = names(store)
    for change in (
        lambda: store.found(Whom("stranger 3")),
        lambda: store.enrol([enrolment("stranger 3", rows(7))]),
        lambda: store.rename(store.subject("S0"), "stranger 3"),
        lambda: store.split(store.subject("S0"), [image("S0-0").content], Whom("stranger 3")),
    ):
        with pytest.raises(LikenessError, match=sentence):
            change()
    assert names(store) == before
    for called, refused in (("S4", True), ("5", False)):  # an id is nobody's name
        strangers = cohort(seed=5)
        strangers = strangers._replace(subjects=[called, *strangers.subjects[1:]])
        if refused:
            with pytest.raises(
                LikenessError, match="S4 is in the cohort, and somebody of that name is enrolled"
            ):
                store.set_cohort(strangers, "", ENCODER)
        else:
            store.set_cohort(strangers, "", ENCODER)


def test_another_cohort_and_score_are_taken_at_once_or_not_at_all(store: Store, monkeypatch) -> None:
    before = store.contents()
    with monkeypatch.context() as killed:
        killed.setattr(
            store._rows.settings, "next_revision", lambda: (_ for _ in ()).throw(RuntimeError("killed"))
        )
        with pytest.raises(RuntimeError, match="killed"):
            store.set_cohort(cohort(3, 2), "elsewhere", ENCODER, Score.maximum)
    after = store.contents()
    assert (after.settings, len(after.cohort.images)) == (before.settings, 200)
    store.set_cohort(cohort(3, 2), "elsewhere", ENCODER, Score.maximum)
    after = store.contents()
    assert (after.settings.score, after.settings.cohort_from) == (Score.maximum, "elsewhere")
    assert len(after.cohort.images) == 6


# Whole or absent


def _enrol_until_killed(where: str, trial: int, said: int) -> None:
    with open_store(where) as store:
        for number in range(10_000):
            store.enrol([enrolment(f"{trial}-{number}", rows(number, 5))])
            os.write(said, number.to_bytes(4, "big"))


def test_a_kill_leaves_each_enrolment_whole_or_absent_and_what_was_acknowledged_there(where: str) -> None:
    made(where, cohort(subjects=1)).close()
    fork, draw = get_context("fork"), np.random.default_rng(5)
    for trial in range(50):
        reader, writer = os.pipe()
        process = fork.Process(target=_enrol_until_killed, args=(where, trial, writer))
        process.start()
        os.close(writer)
        first = os.read(reader, 4)  # it has begun
        process.join(draw.uniform(0, 0.03))
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        with os.fdopen(reader, "rb") as rest:
            acknowledged = (len(first) + len(rest.read())) // 4
        with open_store(where) as store:
            there = {name: number for name, number in names(store).items() if name.startswith(f"{trial}-")}
            assert store.damage() == []
        assert there == {f"{trial}-{number}": 5 for number in range(len(there))}
        assert acknowledged <= len(there) <= acknowledged + 1


def _enrol_many(where: str, name: str, barrier) -> None:
    with open_store(where) as store:
        barrier.wait()
        for number in range(25):
            store.enrol([enrolment(f"{name}{number}", rows(number, 2))])
        store.enrol([enrolment("both", rows(1, 1), called=[image(f"{name}-both")])])


def test_two_processes_enrol_at_once(where: str) -> None:
    made(where).close()
    fork = get_context("fork")
    barrier = fork.Barrier(2)
    processes = [fork.Process(target=_enrol_many, args=(where, name, barrier)) for name in "ab"]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    with open_store(where) as store:
        found = names(store)
        assert len({subject.id for subject, _ in store.subjects()}) == 51
        assert store.damage() == []
    assert found == {f"{name}{n}": 2 for name in "ab" for n in range(25)} | {"both": 2}


def test_who_waits_too_long_for_another_who_writes_is_told_and_can_still_read(where: str) -> None:
    with filled(where) as store, open_store(where, patience=0.05) as other:
        with store._database.transaction(writes=True):
            with pytest.raises(LikenessError, match="is locked: another process writes to it"):
                other.enrol([enrolment("Ada", rows(7))])
            assert len(other.contents().subjects) == 8
        other.enrol([enrolment("Ada", rows(7))])
        assert "Ada" in names(store)


def test_a_reader_keeps_a_removal_from_ending(where: str) -> None:
    with filled(where) as reading, open_store(where, patience=0.05) as removing:
        with reading._database.transaction(writes=False):
            assert reading._rows.counted()
            with pytest.raises(StillKept, match="It is removed, but another process still reads") as kept:
                removing.remove(removing.subject("S0"))
            assert [one.image for one in kept.value.gone] == images("S0", 3)
            began = monotonic()
            open_store(where, patience=20).close()  # which does not wait for the one who reads
            assert monotonic() - began < 10
        assert "S0" not in names(reading)
        assert reading._rows.settings.value("to_purge") == "1"
        open_store(where).close()
        assert reading._rows.settings.value("to_purge") == ""


def test_a_subject_is_shown_with_its_id() -> None:
    assert str(Subject(3, "17", "Ada")) == "Ada (17)"
