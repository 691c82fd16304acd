"""A gallery in a database: each of a store's methods as one transaction."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from types import TracebackType
from typing import Any, Self

from likeness.applications.gallery.database import Database
from likeness.applications.gallery.rows import Rows
from likeness.applications.gallery.score import Score
from likeness.applications.gallery.store import (
    Cohort,
    Contents,
    Correction,
    Enrolled,
    Enrolment,
    Image,
    NearestSubjects,
    Reencoded,
    Regrouped,
    Said,
    Settings,
    StillKept,
    Subject,
    Template,
    Whom,
)
from likeness.errors import LikenessError


class SqlStore:
    """The `Store` in a database, whose connection ends with a `with`."""

    def __init__(self, database: Database) -> None:
        self._database, self._rows = database, Rows(database)
        if self._rows.settings.value("to_purge"):  # a process ended before it had done so
            with suppress(LikenessError):  # what is there can be used; the next to open it tries again
                self._purge(wait=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._database.close()

    @property
    def name(self) -> str:
        """What the database is called."""
        return self._database.name

    # What is read

    def settings(self) -> Settings:
        """What it is bound to."""
        with self._reading():
            return self._rows.settings.all()

    def contents(self) -> Contents:
        """All that it holds."""
        with self._reading():
            return self._rows.contents()

    def subjects(self) -> list[tuple[Subject, int]]:
        """The subjects by number, and how many templates each has."""
        with self._reading():
            return self._rows.counted()

    def subject(self, named: str) -> Subject:
        """The subject of an id, or else of a name that no other has."""
        with self._reading():
            return self._rows.subject(named)

    def found(self, whom: Whom) -> Subject | None:
        """The subject that would be enrolled as `whom`, None where it would be new."""
        with self._reading():
            return self._rows.found(whom)

    def cohort_size(self) -> tuple[int, int]:
        """How many images of how many strangers the cohort has."""
        with self._reading():
            return self._rows.cohort_size()

    def detectors(self) -> list[str]:
        """What found the faces of the enrolled images, "" for images that were taken whole."""
        with self._reading():
            return self._rows.detectors()

    def templates(self, subject: Subject) -> list[Template]:
        """Those of a subject by number."""
        with self._reading():
            return self._rows.templates(subject)

    def holders(self, contents: Sequence[str]) -> dict[str, Subject | None]:
        """Of these images the enrolled ones with their subjects, and those of the cohort with None."""
        with self._reading():
            return self._rows.holders(contents)

    def corrections(self) -> list[Correction]:
        """What was said of images."""
        with self._reading():
            return self._rows.corrections.all()

    def said(self, contents: Sequence[str]) -> dict[str, Said]:
        """What was said of these images and subjects, of those of which something was."""
        with self._reading():
            return self._rows.said(contents)

    def damage(self) -> list[str]:
        """What is wrong with the database, or its tables; empty where nothing is."""
        with self._reading():
            return [*self._database.damage(), *self._rows.strays()]

    # What is written

    def enrol(self, enrolments: Sequence[Enrolment]) -> list[Enrolled]:
        """Add subjects and templates; an image that its subject has already is left as it is."""
        with self._writing():
            for one in enrolments:
                self._rows.settings.refuse_other_encoder(one.encoder)
            done = [self._rows.enrol(one) for one in enrolments]
            if any(one.added or one.new for one in done):
                self._rows.settings.next_revision()
        return done

    def rename(self, subject: Subject, name: str) -> None:
        """Give a subject another name."""
        with self._writing():
            self._rows.still_there(subject)
            self._rows.rename(subject, name)

    def merge(self, into: Subject, others: Sequence[Subject]) -> None:
        """Give a subject the templates of others, who go; keep that their images must be of one."""
        rows = self._rows
        with self._writing():
            for subject in (into, *others):
                rows.still_there(subject)
            for other in others:
                rows.give(rows.templates(other), into)
                rows.drop_subject(other)
            if theirs := _contents(rows.templates(into)):
                rows.corrections.are_one(theirs)
            rows.settings.next_revision()

    def split(self, subject: Subject, contents: Sequence[str], whom: Whom) -> Subject:
        """Give these images of a subject to another, and keep that they cannot be of the first."""
        rows = self._rows
        with self._writing():
            rows.still_there(subject)
            self._refuse_split(subject, contents)
            other, _ = rows.found_or_new(whom)
            if other.number == subject.number:
                raise LikenessError(f"The images are {subject}'s already: name somebody else.")
            self._move(subject, contents, other)
        return other

    def remove(self, subject: Subject, contents: Sequence[str] | None = None) -> list[Template]:
        """Remove a subject, or these images of it, so that no byte of an encoding is left; returns what went."""
        rows = self._rows
        with self._writing():
            rows.still_there(subject)
            own = rows.templates(subject)
            chosen = set(_contents(own) if contents is None else contents)
            gone = [one for one in own if one.image.content in chosen]
            left = [one for one in own if one.image.content not in chosen]
            rows.drop(gone)
            rows.corrections.removed(_contents(gone), _contents(left))
            if contents is None:
                rows.drop_subject(subject)
            rows.settings.next_revision()
            rows.settings.set({"to_purge": "1"})
        try:
            self._purge()
        except LikenessError as error:
            kept = StillKept(str(error))
            kept.gone = gone
            raise kept from error
        return gone

    def say_is(self, image: Image, subject: Subject) -> Subject | None:
        """Keep that an image is of a subject, and give it its template where another has it; returns whose it was."""
        rows, content = self._rows, image.content
        with self._writing():
            rows.still_there(subject)
            holders = rows.holders([content])
            holder = holders.get(content)
            if content in holders and holder is None:
                raise LikenessError(f"{image.file} is in the cohort of {self.name}, which must be strangers.")
            theirs = [one for one in _contents(rows.templates(subject)) if one != content]
            if holder is not None and holder.number != subject.number:
                self._refuse_split(holder, [content])
                self._move(holder, [content], subject)
            elif holder is None and not theirs:
                raise LikenessError(f"{subject} has no template: enrol the image as theirs.")
            rows.corrections.is_of(content, theirs)
        return holder

    def say_is_not(self, image: Image, subject: Subject) -> None:
        """Keep that an image is not of a subject; refused where it is enrolled as its, or the subject has none."""
        rows, content = self._rows, image.content
        with self._writing():
            rows.still_there(subject)
            theirs = _contents(rows.templates(subject))
            if content in theirs:
                raise LikenessError(
                    f"{image.file} is enrolled as an image of {subject}: take it from there with likeness gallery "
                    "split or remove."
                )
            if not theirs:
                raise LikenessError(f"{subject} has no template that an image could be told from.")
            rows.corrections.is_not_of(content, theirs)

    def correct(self, corrections: Sequence[Correction]) -> None:
        """Keep what was said of pairs of images; of a pair, what is said last counts."""
        with self._writing():
            self._rows.corrections.put(corrections)

    def set_cohort(
        self, cohort: Cohort, come_from: str, encoder: Mapping[str, Any], score: Score | None = None
    ) -> None:
        """Put another cohort, encoded by an `encoder` of this identity, in the place of the one that is there, and
        another score where one is given.
        """
        with self._writing():
            self._rows.settings.refuse_other_encoder(encoder)
            self._rows.put_cohort(cohort)
            if score is not None:
                self._set_score(score)
            self._rows.settings.set({"cohort_from": come_from, "to_purge": "1"})
            self._rows.settings.next_revision()
        self._purge()

    def set_score(self, score: Score) -> None:
        """Compare several templates otherwise from now on."""
        with self._writing():
            self._set_score(score)

    def keep_distances(self, revision: int, distances: NearestSubjects) -> None:
        """Keep the cohort's distances to the gallery at a revision, where that is still the gallery's."""
        with self._writing():
            if self._rows.settings.revision() == revision:
                self._rows.put_distances(distances)

    def reencode(self, revision: int, reencoded: Reencoded) -> None:
        """Put other encodings in the place of all; refused where the gallery has changed since that revision."""
        rows = self._rows
        with self._writing():
            self._still_at(revision)
            rows.put_encodings(reencoded.encodings)
            rows.settings.put(reencoded.settings)
            rows.put_cohort(reencoded.cohort)
            rows.settings.next_revision()
            rows.settings.set({"to_purge": "1"})
        self._purge()

    def regroup(self, revision: int, regrouped: Regrouped) -> list[Subject]:
        """Give all templates, new ones too, to other subjects; refused where the gallery has changed since."""
        rows = self._rows
        with self._writing():
            self._still_at(revision)
            subjects = rows.regroup(regrouped)
            rows.settings.next_revision()
        return subjects

    def _still_at(self, revision: int) -> None:
        """Raise a `LikenessError` where the gallery has changed since a revision."""
        if self._rows.settings.revision() != revision:
            raise LikenessError(
                f"{self.name} was changed while images were encoded: run the same command again."
            )

    def _set_score(self, score: Score) -> None:
        self._rows.settings.set({"score": score.value})
        self._rows.drop_distances()
        self._rows.settings.next_revision()

    def _refuse_split(self, subject: Subject, contents: Sequence[str]) -> None:
        """Raise a `LikenessError` where images are not a subject's, are none, or are all that it has."""
        own = set(_contents(self._rows.templates(subject)))
        if not contents or not own.issuperset(contents):
            raise LikenessError(
                f"{subject} has no such images any more: likeness gallery show lists those there are."
            )
        if own == set(contents):
            raise LikenessError(f"These are all images of {subject}: rename it, or merge it with another.")

    def _move(self, subject: Subject, contents: Sequence[str], other: Subject) -> None:
        """Give images of a subject to another."""
        rows = self._rows
        own, joined = rows.templates(subject), _contents(rows.templates(other))
        moved = [one for one in own if one.image.content in set(contents)]
        left = [one for one in own if one.image.content not in set(contents)]
        rows.give(moved, other)
        rows.corrections.moved(_contents(moved), _contents(left), joined)
        rows.settings.next_revision()

    def _reading(self) -> AbstractContextManager[None]:
        return self._database.transaction(writes=False)

    def _writing(self) -> AbstractContextManager[None]:
        return self._database.transaction(writes=True)

    def _purge(self, *, wait: bool = True) -> None:
        """Write the tables anew, and note that it is done."""
        self._database.purge(wait=wait)
        self._rows.settings.unset("to_purge")


def _contents(templates: Sequence[Template]) -> list[str]:
    """Of their images."""
    return [one.image.content for one in templates]
