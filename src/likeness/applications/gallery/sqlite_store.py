"""A gallery in one SQLite file: all the SQL that there is."""

import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from likeness.applications.gallery.score import Score
from likeness.applications.gallery.sqlite_file import (
    PATIENCE,
    create_file,
    open_file,
    telling,
    transaction,
)
from likeness.applications.gallery.store import (
    Cohort,
    Contents,
    Correction,
    Enrolled,
    Enrolment,
    Image,
    Reencoded,
    Regrouped,
    Settings,
    Subject,
    Template,
    Whom,
    refuse_holder,
)
from likeness.config.nearest import nearest
from likeness.errors import LikenessError

_SCHEMA = """
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE subject (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL
) STRICT;
CREATE INDEX subject_by_name ON subject (name);
CREATE TABLE template (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    subject INTEGER NOT NULL REFERENCES subject (number),
    content TEXT NOT NULL UNIQUE,
    file TEXT NOT NULL,
    detector TEXT NOT NULL,
    encoding BLOB NOT NULL
) STRICT;
CREATE INDEX template_by_subject ON template (subject, number);
CREATE TABLE cohort (
    number INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    content TEXT NOT NULL,
    file TEXT NOT NULL,
    detector TEXT NOT NULL,
    encoding BLOB NOT NULL,
    smallest REAL
) STRICT;
CREATE INDEX cohort_by_content ON cohort (content);
CREATE TABLE correction (
    first TEXT NOT NULL,
    second TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('must', 'cannot')),
    PRIMARY KEY (first, second),
    CHECK (first < second)
) STRICT"""

_SET = "INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
_NEXT_REVISION = "UPDATE setting SET value = CAST(value AS INTEGER) + 1 WHERE name = 'revision'"
_TEMPLATES = "SELECT number, subject, content, file, detector FROM template"
_ADD_TEMPLATE = "INSERT INTO template (subject, content, file, detector, encoding) VALUES (?, ?, ?, ?, ?)"
_ADD_STRANGER = "INSERT INTO cohort (subject, content, file, detector, encoding) VALUES (?, ?, ?, ?, ?)"
_CORRECT = "INSERT OR REPLACE INTO correction (kind, first, second) VALUES (?, ?, ?)"
_MANY = 500  # values in one statement: SQLite takes 999 in its older versions


def create_store(path: Path, contents: Contents) -> None:
    """Make a gallery that holds `contents`.

    Raises:
        LikenessError: something is there already, or the file can't be written.
    """
    values = {**_as_text(contents.settings), "revision": "0"}
    rows: list[tuple[str, tuple[object, ...]]] = [(_SET, row) for row in values.items()]
    rows += [("INSERT INTO subject VALUES (?, ?, ?)", one) for one in contents.subjects]
    rows += [
        ("INSERT INTO template VALUES (?, ?, ?, ?, ?, ?)", (one.number, one.subject, *one.image, encoding))
        for one, encoding in zip(contents.templates, _blobs(contents.encodings), strict=True)
    ]
    rows += [(_ADD_STRANGER, row) for row in _stranger_rows(contents.cohort)]
    rows += [(_CORRECT, _correction_row(one)) for one in contents.corrections]
    create_file(path, _SCHEMA, rows)


class SqliteStore:
    """The `Store` in a file; it is closed at the end of a `with`.

    Args:
        path: of the file.
        patience: seconds to wait for another process that writes.

    Raises:
        LikenessError: it is missing, no gallery, of another version, damaged, or can't be opened.
    """

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        self._path, self._patience = path, patience
        self._connection = open_file(path, patience)
        if self._setting("to_purge"):  # a process ended before it had done so
            with suppress(LikenessError):  # what is there can be used; the next to open it tries again
                self._purge()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back; the last to do so empties its log."""
        self._connection.close()

    @property
    def name(self) -> str:
        """The file."""
        return str(self._path)

    # What is read

    def settings(self) -> Settings:
        """What it is bound to."""
        with self._reading():
            return self._settings()

    def contents(self) -> Contents:
        """All that it holds."""
        with self._reading() as connection:
            settings, revision = self._settings(), self._revision()
            subjects = self._subjects()
            rows = connection.execute("SELECT * FROM template ORDER BY subject, number").fetchall()
            cohort = connection.execute("SELECT * FROM cohort ORDER BY number").fetchall()
            fresh = self._setting("cohort_revision") == str(revision)
            corrections = self._corrections()
        numbers, whose, content, file, detector, blobs = zip(*rows, strict=True) if rows else ((),) * 6
        dimensions = int(settings.encoder["dimensions"])
        return Contents(
            revision,
            settings,
            subjects,
            list(map(Template, numbers, whose, map(Image, content, file, detector))),
            np.searchsorted([subject.number for subject in subjects], np.array(whose, dtype=np.int64)),
            self._encodings(blobs, dimensions),
            Cohort(
                [row[1] for row in cohort],
                [Image(*row[2:5]) for row in cohort],
                self._encodings([row[5] for row in cohort], dimensions),
                np.array([row[6] for row in cohort], dtype=np.float64) if fresh else None,
            ),
            corrections,
        )

    def subjects(self) -> list[tuple[Subject, int]]:
        """The subjects by number, and how many templates each has."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT subject.number, id, name, count(template.number) FROM subject "
                "LEFT JOIN template ON subject = subject.number GROUP BY subject.number ORDER BY subject.number"
            )
            return [(Subject(*row[:3]), row[3]) for row in rows]

    def subject(self, named: str) -> Subject:
        """The subject of an id, or of a name that no other has."""
        with self._reading():
            return self._subject(named)

    def found(self, whom: Whom) -> Subject | None:
        """The subject that would be enrolled as `whom`, None where it would be new."""
        with self._reading():
            return self._found(whom)

    def templates(self, subject: Subject) -> list[Template]:
        """Those of a subject by number."""
        with self._reading():
            return self._templates(subject)

    def holders(self, contents: Sequence[str]) -> dict[str, Subject | None]:
        """Of these images the enrolled ones with their subjects, and those of the cohort with None."""
        with self._reading():
            return self._holders(contents)

    def corrections(self) -> list[Correction]:
        """What was said of images."""
        with self._reading():
            return self._corrections()

    def damage(self) -> list[str]:
        """What SQLite finds wrong with the file; empty where nothing is."""
        with self._reading() as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(10)")]
            found += [
                f"a template of subject {row[1]} that is not there"
                for row in connection.execute("PRAGMA foreign_key_check")
            ]
        return [what for what in found if what != "ok"]

    # What is written

    def enrol(self, enrolments: Sequence[Enrolment]) -> list[Enrolled]:
        """Add subjects and templates; an image that its subject has already is left as it is."""
        with self._writing() as connection:
            done = [self._enrol(one) for one in enrolments]
            if any(one.added or one.new for one in done):
                connection.execute(_NEXT_REVISION)
        return done

    def rename(self, subject: Subject, name: str) -> None:
        """Give a subject another name."""
        with self._writing() as connection:
            self._still_there(subject)
            connection.execute("UPDATE subject SET name = ? WHERE number = ?", (name, subject.number))

    def merge(self, into: Subject, others: Sequence[Subject]) -> None:
        """Give a subject the templates of others, who go; keep that their images must be of one."""
        with self._writing() as connection:
            for subject in (into, *others):
                self._still_there(subject)
            own = self._templates(into)
            self._correct([Correction("must", own[0].image.content, one.image.content) for one in own[1:]])
            for other in others:
                theirs = self._templates(other)
                self._correct(
                    [Correction("must", own[0].image.content, one.image.content) for one in theirs if own]
                )
                connection.execute(
                    "DELETE FROM correction WHERE kind = 'cannot' AND "
                    "((first IN (SELECT content FROM template WHERE subject = :one) AND "
                    "second IN (SELECT content FROM template WHERE subject = :other)) OR "
                    "(first IN (SELECT content FROM template WHERE subject = :other) AND "
                    "second IN (SELECT content FROM template WHERE subject = :one)))",
                    {"one": into.number, "other": other.number},
                )
                connection.execute(
                    "UPDATE template SET subject = ? WHERE subject = ?", (into.number, other.number)
                )
                connection.execute("DELETE FROM subject WHERE number = ?", (other.number,))
            connection.execute(_NEXT_REVISION)

    def split(self, subject: Subject, contents: Sequence[str], whom: Whom) -> Subject:
        """Give these images of a subject to another, and keep that they cannot be of the first."""
        with self._writing() as connection:
            self._still_there(subject)
            own = self._templates(subject)
            moved = [one for one in own if one.image.content in set(contents)]
            left = [one for one in own if one.image.content not in set(contents)]
            other, _ = self._whom(whom)
            if other.number == subject.number:
                raise LikenessError(f"The images are {subject}'s already: name somebody else.")
            connection.executemany(
                "UPDATE template SET subject = ? WHERE number = ?",
                [(other.number, one.number) for one in moved],
            )
            self._correct(
                [Correction("cannot", a.image.content, b.image.content) for a in moved for b in left]
            )
            connection.execute(_NEXT_REVISION)
        return other

    def remove(self, subject: Subject, contents: Sequence[str] | None = None) -> list[Template]:
        """Remove a subject, or these images of it, so that no byte of an encoding is left; returns what went."""
        with self._writing() as connection:
            self._still_there(subject)
            own = self._templates(subject)
            gone = own if contents is None else [one for one in own if one.image.content in set(contents)]
            for one in gone:
                connection.execute("DELETE FROM template WHERE number = ?", (one.number,))
                connection.execute("DELETE FROM correction WHERE ? IN (first, second)", (one.image.content,))
            if contents is None:
                connection.execute("DELETE FROM subject WHERE number = ?", (subject.number,))
            connection.execute(_NEXT_REVISION)
            connection.execute(_SET, ("to_purge", "1"))
        self._purge()
        return gone

    def correct(self, corrections: Sequence[Correction]) -> None:
        """Keep what was said of images; what is said last counts."""
        with self._writing():
            self._correct(corrections)

    def set_cohort(self, cohort: Cohort, come_from: str) -> None:
        """Put another cohort in the place of the one that is there."""
        with self._writing() as connection:
            self._put_cohort(cohort)
            connection.execute(_SET, ("cohort_from", come_from))
            connection.execute(_SET, ("to_purge", "1"))
        self._purge()

    def set_score(self, score: Score) -> None:
        """Compare several templates otherwise from now on."""
        with self._writing() as connection:
            connection.execute(_SET, ("score", score.value))
            connection.execute(_NEXT_REVISION)

    def keep_smallest(self, revision: int, smallest: NDArray[np.float64]) -> None:
        """Keep the cohort's distances to the gallery at a revision, where that is still the gallery's."""
        with self._writing() as connection:
            if self._revision() == revision:
                numbers = connection.execute("SELECT number FROM cohort ORDER BY number").fetchall()
                if len(numbers) == len(smallest):
                    rows = zip(smallest.tolist(), (number for (number,) in numbers), strict=True)
                    connection.executemany("UPDATE cohort SET smallest = ? WHERE number = ?", rows)
                    connection.execute(_SET, ("cohort_revision", str(revision)))

    def reencode(self, revision: int, reencoded: Reencoded) -> None:
        """Put other encodings in the place of all; refused where the gallery has changed since that revision."""
        with self._writing() as connection:
            self._still_at(revision)
            numbers = connection.execute("SELECT number FROM template ORDER BY subject, number").fetchall()
            rows = zip(_blobs(reencoded.encodings), (number for (number,) in numbers), strict=True)
            connection.executemany("UPDATE template SET encoding = ? WHERE number = ?", rows)
            connection.executemany(_SET, list(_as_text(reencoded.settings).items()))
            self._put_cohort(reencoded.cohort)
            connection.execute(_NEXT_REVISION)
            connection.execute(_SET, ("to_purge", "1"))
        self._purge()

    def regroup(self, revision: int, regrouped: Regrouped) -> list[Subject]:
        """Give all templates, new ones too, to other subjects; refused where the gallery has changed since."""
        with self._writing() as connection:
            self._still_at(revision)
            subjects = [
                self._whom(Whom(one))[0] if isinstance(one, str) else one for one in regrouped.subjects
            ]
            numbers = np.array([one.number for one in subjects], dtype=np.int64)[regrouped.row].tolist()
            there = connection.execute(
                "SELECT number, subject FROM template ORDER BY subject, number"
            ).fetchall()
            emptied = {before for _, before in there} - set(numbers)
            connection.executemany(
                "UPDATE template SET subject = ? WHERE number = ?",
                [
                    (now, number)
                    for now, (number, before) in zip(numbers, there, strict=False)
                    if now != before
                ],
            )
            new = zip(numbers[len(there) :], regrouped.images, _blobs(regrouped.encodings), strict=True)
            connection.executemany(_ADD_TEMPLATE, [(whose, *image, blob) for whose, image, blob in new])
            connection.executemany("DELETE FROM subject WHERE number = ?", [(one,) for one in emptied])
            connection.execute(_NEXT_REVISION)
        return subjects

    # Within a transaction

    def _reading(self) -> AbstractContextManager[sqlite3.Connection]:
        return transaction(self._connection, self._path, writes=False)

    def _writing(self) -> AbstractContextManager[sqlite3.Connection]:
        return transaction(self._connection, self._path, writes=True)

    def _setting(self, name: str) -> str:
        with telling(self._path):
            row = self._connection.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return "" if row is None else str(row[0])

    def _still_at(self, revision: int) -> None:
        if self._revision() != revision:
            raise LikenessError(
                f"{self.name} was changed while images were encoded: run the same command again."
            )

    def _revision(self) -> int:
        return int(self._setting("revision"))

    def _settings(self) -> Settings:
        try:
            encoder = json.loads(self._setting("encoder"))
            int(encoder["dimensions"])
            score = Score(self._setting("score"))
        except (ValueError, KeyError, TypeError) as error:
            raise LikenessError(f"{self.name} is damaged: its settings can't be read.") from error
        return Settings(encoder, self._setting("where"), score, self._setting("cohort_from"))

    def _subjects(self) -> list[Subject]:
        rows = self._connection.execute("SELECT number, id, name FROM subject ORDER BY number")
        return list(map(Subject._make, rows))

    def _templates(self, subject: Subject) -> list[Template]:
        rows = self._connection.execute(f"{_TEMPLATES} WHERE subject = ? ORDER BY number", (subject.number,))
        return [_template(row) for row in rows]

    def _by(self, column: str, value: str) -> list[Subject]:
        rows = self._connection.execute(
            f"SELECT number, id, name FROM subject WHERE {column} = ? ORDER BY number", (value,)
        )
        return [Subject(*row) for row in rows]

    def _subject(self, named: str) -> Subject:
        found = list(dict.fromkeys([*self._by("id", named), *self._by("name", named)]))
        if not found:
            known = {name for one in self._subjects() for name in (one.id, one.name)}
            hint = nearest(named, known) if known else "it holds nobody yet."
            raise LikenessError(f"Nobody in {self.name} is called {named}: {hint}")
        if len(found) > 1:
            raise LikenessError(_ambiguous(named, found))
        return found[0]

    def _still_there(self, subject: Subject) -> None:
        if not self._connection.execute(
            "SELECT 1 FROM subject WHERE number = ? AND id = ?", (subject.number, subject.id)
        ).fetchone():
            raise LikenessError(f"{subject} is no longer in {self.name}.")

    def _holders(self, contents: Sequence[str]) -> dict[str, Subject | None]:
        found: dict[str, Subject | None] = {}
        for start in range(0, len(contents), _MANY):
            some = contents[start : start + _MANY]
            marks = ", ".join("?" * len(some))
            rows = self._connection.execute(
                f"SELECT DISTINCT content FROM cohort WHERE content IN ({marks})", some
            )
            found.update((content, None) for (content,) in rows)
            rows = self._connection.execute(
                "SELECT content, subject.number, id, name FROM template JOIN subject ON subject = subject.number "
                f"WHERE content IN ({marks})",
                some,
            )
            found.update((row[0], Subject(*row[1:])) for row in rows)
        return found

    def _found(self, whom: Whom) -> Subject | None:
        found = self._by("name", whom.name) if whom.id is None else self._by("id", whom.id)
        if len(found) > 1:
            raise LikenessError(_ambiguous(whom.name, found))
        if found and found[0].name != whom.name:
            raise LikenessError(f"The id {whom.id} is that of {found[0].name}: give {whom.name} another one.")
        return found[0] if found else None

    def _whom(self, whom: Whom) -> tuple[Subject, bool]:
        """The subject to enrol as, and whether it is new."""
        if (found := self._found(whom)) is not None:
            return found, False
        row = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'subject'").fetchone()
        number = 1 + (row[0] if row else 0)
        while whom.id is None and self._by("id", str(number)):  # somebody was given it
            number += 1
        subject = Subject(number, str(number) if whom.id is None else whom.id, whom.name)
        self._connection.execute("INSERT INTO subject VALUES (?, ?, ?)", subject)
        return subject, True

    def _enrol(self, enrolment: Enrolment) -> Enrolled:
        subject, new = self._whom(enrolment.whom)
        holders = self._holders([image.content for image in enrolment.images])
        added = 0
        for image, encoding in zip(enrolment.images, _blobs(enrolment.encodings), strict=True):
            if image.content in holders:
                refuse_holder(self.name, image, subject.number, holders[image.content])
                continue
            self._connection.execute(_ADD_TEMPLATE, (subject.number, *image, encoding))
            holders[image.content] = subject
            added += 1
        return Enrolled(subject, new, added, len(enrolment.images) - added)

    def _corrections(self) -> list[Correction]:
        rows = self._connection.execute("SELECT kind, first, second FROM correction ORDER BY first, second")
        return [Correction(*row) for row in rows]

    def _correct(self, corrections: Sequence[Correction]) -> None:
        self._connection.executemany(_CORRECT, [_correction_row(one) for one in corrections])

    def _put_cohort(self, cohort: Cohort) -> None:
        enrolled = self._holders([image.content for image in cohort.images])
        for name, image in zip(cohort.subjects, cohort.images, strict=True):
            if (holder := enrolled.get(image.content)) is not None:
                raise LikenessError(
                    f"{image.file} of the cohort's {name} is an image of {holder}, who is enrolled: the cohort must "
                    "be strangers; take that folder out of it."
                )
        self._connection.execute("DELETE FROM cohort")
        self._connection.executemany(_ADD_STRANGER, _stranger_rows(cohort))
        self._connection.execute("DELETE FROM setting WHERE name = 'cohort_revision'")

    def _encodings(self, blobs: Sequence[bytes], dimensions: int) -> NDArray[np.float32]:
        if any(len(blob) != 4 * dimensions for blob in blobs):
            raise LikenessError(f"{self.name} is damaged: an encoding has not {dimensions} numbers.")
        found = np.frombuffer(b"".join(blobs), dtype="<f4").reshape(-1, dimensions)
        if not np.isfinite(found).all():
            raise LikenessError(f"{self.name} is damaged: an encoding is not finite.")
        return found.astype(np.float32, copy=False)

    def _purge(self) -> None:
        """Write the file anew and empty its log, so that nothing that was deleted or moved is left in either.

        Raises:
            LikenessError: another process reads, or there is no room; then it is done when the file is next opened.
        """
        ends = time.monotonic() + self._patience
        try:
            self._connection.execute("VACUUM")
            while self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                if time.monotonic() > ends:
                    raise LikenessError(
                        f"It is removed, but another process still reads {self.name}, and its log keeps a copy as "
                        "long: end that process, and run any command on the gallery."
                    )
                time.sleep(0.01)
            self._connection.execute("DELETE FROM setting WHERE name = 'to_purge'")
        except sqlite3.Error as error:
            raise LikenessError(
                f"It is removed, but {self.name} can't be written anew ({error}) and may keep a copy: make room, and "
                "run any command on the gallery."
            ) from error


def _as_text(settings: Settings) -> dict[str, str]:
    return {
        "encoder": json.dumps(settings.encoder, sort_keys=True),
        "where": settings.where,
        "score": settings.score.value,
        "cohort_from": settings.cohort_from,
    }


def _correction_row(correction: Correction) -> tuple[str, str, str]:
    first, second = sorted((correction.first, correction.second))
    return correction.kind, first, second


def _stranger_rows(cohort: Cohort) -> Iterator[tuple[object, ...]]:
    rows = zip(cohort.subjects, cohort.images, _blobs(cohort.encodings), strict=True)
    return ((name, *image, encoding) for name, image, encoding in rows)


def _template(row: Sequence[Any]) -> Template:
    return Template(row[0], row[1], Image(*row[2:5]))


def _blobs(encodings: NDArray[np.float32]) -> Iterator[bytes]:
    return (row.tobytes() for row in np.ascontiguousarray(encodings, dtype="<f4"))


def _ambiguous(named: str, found: Sequence[Subject]) -> str:
    ids = ", ".join(one.id for one in found)
    return f"{named} says not who it is, {len(found)} are called so: give an id, one of {ids}."
