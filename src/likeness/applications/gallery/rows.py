"""What is done to the rows of a gallery's tables within a transaction, the same in every database."""

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from likeness.applications.gallery.correction_rows import CorrectionRows
from likeness.applications.gallery.database import Database, portions
from likeness.applications.gallery.readable_name import composed_name, readable_name
from likeness.applications.gallery.setting_rows import SettingRows
from likeness.applications.gallery.store import (
    NOTHING_SAID,
    Cohort,
    Contents,
    Enrolled,
    Enrolment,
    Image,
    Measured,
    NearestSubjects,
    Regrouped,
    Said,
    Subject,
    Template,
    Whom,
    each_image_once,
    refuse_enrolled,
    refuse_holder,
)
from likeness.config.nearest import nearest
from likeness.errors import LikenessError

_ADD_SUBJECT = "INSERT INTO subject VALUES (?, ?, ?)"
_ADD_TEMPLATE = "INSERT INTO template (subject, content, file, detector, encoding) VALUES (?, ?, ?, ?, ?)"
_CHANGED = "INSERT INTO changed VALUES (?) ON CONFLICT (subject) DO NOTHING"
_ADD_STRANGER = "INSERT INTO cohort (subject, content, file, detector, encoding) VALUES (?, ?, ?, ?, ?)"

T = TypeVar("T")


class _Stranger(NamedTuple):
    """An image of the cohort, and whom it shows."""

    number: int
    subject: str
    image: Image


class Rows:
    """The rows of a gallery in a database: each method is a part of a transaction, that its caller begins and ends."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.settings, self.corrections = SettingRows(database), CorrectionRows(database)

    def fill(self, contents: Contents) -> None:
        """Put into empty tables all that a gallery holds."""
        execute_many = self._database.execute_many
        self.settings.put(contents.settings)
        self.settings.set({"revision": "0"})
        execute_many(_ADD_SUBJECT, contents.subjects)
        self._database.skip_numbers(max([contents.given, *(one.number for one in contents.subjects)]))
        whose = [(one.subject, *one.image) for one in contents.templates]
        execute_many(_ADD_TEMPLATE, self._with_encodings(whose, contents.encodings))
        self._add_strangers(contents.cohort)
        self.corrections.put(contents.corrections)

    # Subjects

    def subjects(self) -> list[Subject]:
        """All, by number."""
        rows = self._database.execute("SELECT number, id, name FROM subject ORDER BY number")
        return list(map(Subject._make, rows))

    def counted(self) -> list[tuple[Subject, int]]:
        """All, by number, and how many templates each has."""
        rows = self._database.execute(
            "SELECT subject.number, id, name, count(template.number) FROM subject "
            "LEFT JOIN template ON template.subject = subject.number "
            "GROUP BY subject.number ORDER BY subject.number"
        )
        return [(Subject(*row[:3]), row[3]) for row in rows]

    def subject(self, named: str) -> Subject:
        """The subject of an id, or else of a name that no other has."""
        found = self._by("id", named) or self._by("name", named)
        if not found:
            known = {name for one in self.subjects() for name in (one.id, one.name)}
            hint = nearest(named, known) if known else "it holds nobody yet."
            raise LikenessError(f"Nobody in {self._database.name} is called {named}: {hint}")
        if len(found) > 1:
            raise LikenessError(_ambiguous(named, found))
        return found[0]

    def still_there(self, subject: Subject) -> None:
        """Raise a `LikenessError` where a subject is gone."""
        if not self._database.execute(
            "SELECT 1 FROM subject WHERE number = ? AND id = ?", (subject.number, subject.id)
        ):
            raise LikenessError(f"{subject} is no longer in {self._database.name}.")

    def found(self, whom: Whom) -> Subject | None:
        """The subject that would be enrolled as `whom`, None where it would be new."""
        whom = _readable(whom)
        found = self._by("name", whom.name) if whom.id is None else self._by("id", whom.id)
        if len(found) > 1:
            raise LikenessError(_ambiguous(whom.name, found))
        if found and composed_name(found[0].name) != whom.name:
            raise LikenessError(f"The id {whom.id} is that of {found[0].name}: give {whom.name} another one.")
        if not found:
            self.refuse_stranger(whom.name)
        return found[0] if found else None

    def found_or_new(self, whom: Whom) -> tuple[Subject, bool]:
        """The subject to enrol as, and whether it is new."""
        if (found := self.found(whom)) is not None:
            return found, False
        whom = _readable(whom)
        number = self._database.new_number()
        while whom.id is None and self._by("id", str(number)):  # somebody was given it
            number = self._database.new_number()
        subject = Subject(number, str(number) if whom.id is None else whom.id, whom.name)
        self._database.execute(_ADD_SUBJECT, subject)
        return subject, True

    def refuse_stranger(self, name: str) -> None:
        """Raise a `LikenessError` where somebody of the cohort is called so."""
        if self._database.execute("SELECT 1 FROM cohort WHERE subject = ? LIMIT 1", (name,)):
            raise LikenessError(
                f"{name} is somebody of the cohort of {self._database.name}, which must be strangers: give another "
                "name, or calibrate with another cohort."
            )

    def rename(self, subject: Subject, name: str) -> None:
        """Give a subject another name."""
        readable = readable_name(name)
        self.refuse_stranger(readable)
        self._database.execute("UPDATE subject SET name = ? WHERE number = ?", (readable, subject.number))

    def drop_subject(self, subject: Subject) -> None:
        """Drop a subject that has no templates any more."""
        self._database.execute("DELETE FROM subject WHERE number = ?", (subject.number,))

    def _by(self, column: str, value: str) -> list[Subject]:
        rows = self._database.execute(
            f"SELECT number, id, name FROM subject WHERE {column} = ? ORDER BY number",
            (composed_name(value),),
        )
        return [Subject(*row) for row in rows]

    # Templates

    def templates(self, subject: Subject) -> list[Template]:
        """Those of a subject by number."""
        rows = self._database.execute(
            "SELECT number, subject, content, file, detector FROM template WHERE subject = ? ORDER BY number",
            (subject.number,),
        )
        return [Template(row[0], row[1], Image(*row[2:])) for row in rows]

    def holders(self, contents: Sequence[str]) -> dict[str, Subject | None]:
        """Of these images the enrolled ones with their subjects, and those of the cohort with None."""
        found: dict[str, Subject | None] = {}
        for some, marks in portions(contents):
            rows = self._database.execute(
                "SELECT content, subject.number, id, name FROM template "
                f"JOIN subject ON template.subject = subject.number WHERE content IN ({marks}) "
                f"UNION ALL SELECT content, NULL, NULL, NULL FROM cohort WHERE content IN ({marks})",
                [*some, *some],
            )
            found.update((row[0], None if row[1] is None else Subject(*row[1:])) for row in rows)
        return found

    def enrol(self, enrolment: Enrolment) -> Enrolled:
        """Add a subject's templates, and the subject where it is new."""
        subject, new = self.found_or_new(enrolment.whom)
        contents = [image.content for image in enrolment.images]
        holders, said = self.holders(contents), self.said(contents)
        values = self._database.values_of(enrolment.encodings)
        added = 0
        for image, value in zip(enrolment.images, values, strict=True):
            if image.content in holders:
                refuse_holder(self._database.name, image, subject.number, holders[image.content])
                continue
            if image.content in said and (against := said[image.content].against(subject)):
                raise LikenessError(f"{image.file} {against}, as somebody said: leave it out.")
            self._database.execute(_ADD_TEMPLATE, (subject.number, *image, value))
            holders[image.content] = subject
            added += 1
        if added:
            self._changed({subject.number})
        return Enrolled(subject, new, added, len(enrolment.images) - added)

    def give(self, templates: Sequence[Template], subject: Subject) -> None:
        """Make templates a subject's."""
        self._database.execute_many(
            "UPDATE template SET subject = ? WHERE number = ?",
            [(subject.number, one.number) for one in templates],
        )
        self._changed({subject.number, *(one.subject for one in templates)})

    def regroup(self, regrouped: Regrouped) -> list[Subject]:
        """Give all templates, new ones too, to other subjects, who are returned; others who keep none go."""
        subjects = [
            self.found_or_new(Whom(one))[0] if isinstance(one, str) else one for one in regrouped.subjects
        ]
        numbers = np.array([one.number for one in subjects], dtype=np.int64)[regrouped.row].tolist()
        there = self._database.execute("SELECT number, subject FROM template ORDER BY subject, number")
        now_and_before = zip(numbers, there, strict=False)
        moved = [(now, number, before) for now, (number, before) in now_and_before if now != before]
        self._database.execute_many(
            "UPDATE template SET subject = ? WHERE number = ?", [(now, number) for now, number, _ in moved]
        )
        new = [(whose, *image) for whose, image in zip(numbers[len(there) :], regrouped.images, strict=True)]
        self._database.execute_many(_ADD_TEMPLATE, self._with_encodings(new, regrouped.encodings))
        self._changed(
            {one for now, _, before in moved for one in (now, before)} | {whose for whose, *_ in new}
        )
        emptied = {before for _, before in there} - set(numbers)
        self._database.execute_many("DELETE FROM subject WHERE number = ?", [(one,) for one in emptied])
        return subjects

    def drop(self, templates: Sequence[Template]) -> None:
        """Drop templates."""
        self._database.execute_many(
            "DELETE FROM template WHERE number = ?", [(one.number,) for one in templates]
        )
        self._changed({one.subject for one in templates})

    def put_encodings(self, encodings: NDArray[np.float32]) -> None:
        """Give all templates, by their subjects and then their numbers, other `encodings [T, D]`."""
        numbers = self._database.execute("SELECT number FROM template ORDER BY subject, number")
        rows = zip(self._database.values_of(encodings), (number for (number,) in numbers), strict=True)
        self._database.execute_many("UPDATE template SET encoding = ? WHERE number = ?", rows)

    def strays(self) -> list[str]:
        """The templates of nobody, as sentences: there are none where nothing is damaged."""
        rows = self._database.execute(
            "SELECT number FROM template WHERE subject NOT IN (SELECT number FROM subject) ORDER BY number"
        )
        return [f"template {number} is of a subject that is not there" for (number,) in rows]

    def detectors(self) -> list[str]:
        """What found the faces of the enrolled images, "" for images that were taken whole."""
        rows = self._database.execute("SELECT DISTINCT detector FROM template ORDER BY detector")
        return [str(detector) for (detector,) in rows]

    # The cohort

    def cohort_size(self) -> tuple[int, int]:
        """How many images of how many strangers there are."""
        ((images, strangers),) = self._database.execute(
            "SELECT count(*), count(DISTINCT subject) FROM cohort"
        )
        return int(images), int(strangers)

    def put_cohort(self, cohort: Cohort) -> None:
        """Put another cohort in the place of the one that is there."""
        refuse_enrolled(cohort, self.subjects(), self.holders([image.content for image in cohort.images]))
        self._database.execute("DELETE FROM cohort")
        self._add_strangers(cohort)

    def put_distances(self, distances: NearestSubjects) -> None:
        """Keep the distances of the cohort's images to the gallery, where there are so many."""
        rows = self._database.execute("SELECT smallest, nearest, number FROM cohort ORDER BY number")
        if len(rows) != len(distances.smallest):
            return
        new = zip(distances.smallest.tolist(), distances.number.tolist(), strict=True)
        moved = [(*one, row[2]) for one, row in zip(new, rows, strict=True) if one != tuple(row[:2])]
        self._database.execute_many("UPDATE cohort SET smallest = ?, nearest = ? WHERE number = ?", moved)
        self._database.execute("DELETE FROM changed")

    def drop_distances(self) -> None:
        """Forget the distances of the cohort's images to the gallery."""
        self._database.execute("UPDATE cohort SET smallest = NULL, nearest = NULL")

    def _measured(self) -> Measured | None:
        """What is kept of the distances, where it is kept of all."""
        rows = self._database.execute("SELECT smallest, nearest FROM cohort ORDER BY number")
        if not rows or any(smallest is None for smallest, _ in rows):
            return None
        smallest, nearest = zip(*rows, strict=True)
        changed = self._database.execute("SELECT subject FROM changed")
        return Measured(
            NearestSubjects(np.array(smallest, dtype=np.float64), np.array(nearest, dtype=np.int64)),
            frozenset(number for (number,) in changed),
        )

    def _changed(self, subjects: Iterable[int]) -> None:
        """Keep that the distances to subjects of these numbers have changed."""
        for one in subjects:
            self._database.execute(_CHANGED, (one,))

    def _add_strangers(self, cohort: Cohort) -> None:
        cohort = each_image_once(cohort)
        who = [(name, *image) for name, image in zip(cohort.subjects, cohort.images, strict=True)]
        self._database.execute_many(_ADD_STRANGER, self._with_encodings(who, cohort.encodings))

    # Corrections

    def said(self, contents: Sequence[str]) -> dict[str, Said]:
        """What was said of these images and subjects, of those of which something was."""
        links = self.corrections.subjects(contents)
        numbered = {one.number: one for one in self.subjects()} if links else {}
        own = self.holders(sorted({image for _, image, _ in links}))
        found: dict[str, Said] = {}
        for kind, image, number in links:
            before, other = found.get(image, NOTHING_SAID), numbered[number]
            if kind == "must":  # of one who is enrolled a label counts, where a gallery of old says otherwise
                found[image] = before._replace(of=own.get(image) or before.of or other)
            elif own.get(image) != other:
                found[image] = before._replace(not_of=before.not_of | {other})
        return found

    # All

    def count(self, table: str) -> int:
        """How many rows a table has."""
        ((number,),) = self._database.execute(f"SELECT count(*) FROM {table}")
        return int(number)

    def contents(self) -> Contents:
        """All that the gallery holds."""
        settings, revision, subjects = self.settings.all(), self.settings.revision(), self.subjects()
        dimensions = int(settings.encoder["dimensions"])
        templates, encodings = self._all_of("template", "subject, number", Template, dimensions)
        strangers, theirs = self._all_of("cohort", "number", _Stranger, dimensions)
        whose = np.array([template.subject for template in templates], dtype=np.int64)
        cohort = Cohort(
            [one.subject for one in strangers],
            [one.image for one in strangers],
            theirs,
            self._measured(),
        )
        row = np.searchsorted([subject.number for subject in subjects], whose)
        said, given = self.corrections.all(), self._database.last_number()
        return Contents(revision, settings, subjects, templates, row, encodings, cohort, said, given)

    def _all_of(
        self, table: str, order: str, made: Callable[[int, Any, Image], T], dimensions: int
    ) -> tuple[list[T], NDArray[np.float32]]:
        """All rows of a table without their encodings, and these, `[N, dimensions]`.

        They come some at a time, so that the bytes of all encodings are never in memory beside their numbers.
        """
        found: list[T] = []
        encodings = np.empty((self.count(table), dimensions), np.float32)
        columns = "number, subject, content, file, detector, encoding"
        with _without_collection():
            for rows in self._database.batches(f"SELECT {columns} FROM {table} ORDER BY {order}"):
                numbers, whose, content, file, detector, values = zip(*rows, strict=True)
                place = slice(len(found), len(found) + len(rows))
                encodings[place] = self._database.encodings_of(values, dimensions)
                if not np.isfinite(encodings[place]).all():
                    raise LikenessError(f"{self._database.name} is damaged: an encoding is not finite.")
                found.extend(map(made, numbers, whose, map(Image, content, file, detector)))
        return found, encodings

    def _with_encodings(
        self, rows: Sequence[tuple[object, ...]], encodings: NDArray[np.float32]
    ) -> Iterator[tuple[object, ...]]:
        values = self._database.values_of(encodings)
        return ((*row, value) for row, value in zip(rows, values, strict=True))


@contextmanager
def _without_collection() -> Iterator[None]:
    """Look for no garbage in the block: among so many rows that stay, that takes as long as to read them."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _readable(whom: Whom) -> Whom:
    return Whom(readable_name(whom.name), None if whom.id is None else readable_name(whom.id, "id"))


def _ambiguous(named: str, found: Sequence[Subject]) -> str:
    ids = ", ".join(one.id for one in found)
    return f"{named} says not who it is, {len(found)} are called so: give an id, one of {ids}."
