"""What a gallery holds, and what a store of one does: a file here, and whatever else passes the same tests."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from likeness.applications.gallery.score import Score
from likeness.errors import LikenessError


class Subject(NamedTuple):
    """Somebody who is enrolled: the `number` that the store gave, the `id` and the `name` that users know."""

    number: int
    id: str
    name: str

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"


class Image(NamedTuple):
    """An image that was enrolled: the SHA-256 of its file's bytes, where the file lay, and what found the face in it.

    `detector` is empty for an image that was cropped already.
    """

    content: str
    file: str
    detector: str = ""


class Template(NamedTuple):
    """A stored encoding without its numbers: its own `number`, that of its subject, and its image."""

    number: int
    subject: int
    image: Image


class Whom(NamedTuple):
    """Whom to enrol: a name, and an id where one was given. By a name alone it is the only subject of that name.

    Both are kept in Unicode's normal form C; refused are blank ones and such as can't be shown in a line.
    """

    name: str
    id: str | None = None


def refuse_holder(gallery: str, image: Image, subject: int | None, holder: Subject | None) -> None:
    """Raise a `LikenessError` where an image is the cohort's (`holder` None), or another subject's."""
    if holder is None:
        raise LikenessError(
            f"{image.file} is in the cohort of {gallery}, which must be strangers: leave it out, or calibrate with "
            "another cohort."
        )
    if holder.number != subject:
        raise LikenessError(
            f"{image.file} is an image of {holder} already: leave it out, or take it from there with likeness "
            "gallery split."
        )


class StillKept(LikenessError):
    """Templates were removed, but a copy of their encodings is left: the message says where, and `gone` which."""

    gone: "Sequence[Template]" = ()


class Enrolment(NamedTuple):
    """Images to enrol, their `encodings [N, D]` float32, and the identity of the `encoder` that made these."""

    whom: Whom
    images: Sequence[Image]
    encodings: NDArray[np.float32]
    encoder: Mapping[str, Any]


class Enrolled(NamedTuple):
    """A subject, whether it is `new`, and how many of the images became templates and how many were ones before."""

    subject: Subject
    new: bool
    added: int
    known: int


class NearestSubjects(NamedTuple):
    """The distances `smallest [C]` of a cohort's images to the nearest subject of a gallery, and whose `number [C]`."""

    smallest: NDArray[np.float64]
    number: NDArray[np.int64]


class Measured(NamedTuple):
    """Distances of a cohort that were kept, and the numbers of the subjects who got or lost templates since then."""

    distances: NearestSubjects
    changed: frozenset[int]


class Cohort(NamedTuple):
    """Images of subjects who are not enrolled: whom each shows `[C]`, the images, and their `encodings [C, D]`.

    An image is in a store's once. `measured` is what was kept of their distances to the gallery, if anything was.
    """

    subjects: Sequence[str]
    images: Sequence[Image]
    encodings: NDArray[np.float32]
    measured: Measured | None = None


def each_image_once(cohort: Cohort) -> Cohort:
    """A cohort without the images that are in it before."""
    contents = [image.content for image in cohort.images]
    first = sorted({content: place for place, content in reversed(list(enumerate(contents)))}.values())
    if len(first) == len(contents):
        return cohort
    subjects = [cohort.subjects[place] for place in first]
    return Cohort(subjects, [cohort.images[place] for place in first], cohort.encodings[first])


def refuse_enrolled(
    cohort: Cohort, subjects: Sequence[Subject], holders: Mapping[str, Subject | None]
) -> None:
    """Raise a `LikenessError` where somebody of a cohort is enrolled.

    Args:
        cohort: who must be strangers.
        subjects: who are enrolled.
        holders: by their contents those of the cohort's images that are enrolled, with their subjects.
    """
    for name, image in zip(cohort.subjects, cohort.images, strict=True):
        if (holder := holders.get(image.content)) is not None:
            raise LikenessError(
                f"{image.file} of the cohort's {name} is an image of {holder}, who is enrolled: the cohort must be "
                "strangers; take that folder out of it."
            )
    strangers = set(cohort.subjects)
    for subject in subjects:
        if subject.name in strangers:
            raise LikenessError(
                f"{subject.name} is in the cohort, and somebody of that name is enrolled: the cohort must be "
                "strangers; take that folder out of it, or rename whom is enrolled."
            )


class Correction(NamedTuple):
    """What somebody said of two images, by their contents: that they must be, or cannot be, of one subject."""

    kind: Literal["must", "cannot"]
    first: str
    second: str


class Said(NamedTuple):
    """What somebody said of an image: whom it shows, None where that was not said, and whom it does not show."""

    of: Subject | None
    not_of: frozenset[Subject]

    def against(self, subject: Subject | None) -> str:
        """What speaks against that it shows a subject, None for one who is not there yet; "" where nothing does."""
        number = None if subject is None else subject.number
        if self.of is not None and self.of.number != number:
            return f"is of {self.of}"
        return f"is not of {subject}" if number in {one.number for one in self.not_of} else ""


NOTHING_SAID = Said(None, frozenset())


class Settings(NamedTuple):
    """What a gallery is bound to and how it compares.

    `encoder` is what `identity_of` an encoder gives, and `where` it lies; `cohort_from` says where the cohort came
    from: a folder, or "" for the validation identities of the encoder's run.
    """

    encoder: Mapping[str, Any]
    where: str
    score: Score
    cohort_from: str = ""


class Contents(NamedTuple):
    """All that a gallery holds at one moment.

    Templates are sorted by their subject's number, then by their own; `encodings [T, D]` are theirs, and `row [T]` is
    the place of each one's subject in `subjects`, which are sorted by number. A subject may have no template.
    `revision` counts the changes, the cohort's too. `given` is the highest number that a subject ever had, so that no
    id is given again.
    """

    revision: int
    settings: Settings
    subjects: Sequence[Subject]
    templates: Sequence[Template]
    row: NDArray[np.int64]
    encodings: NDArray[np.float32]
    cohort: Cohort
    corrections: Sequence[Correction]
    given: int = 0


class Reencoded(NamedTuple):
    """New encodings `[T, D]` of all templates, in the order of `Contents`, with the encoder and cohort they go with."""

    settings: Settings
    encodings: NDArray[np.float32]
    cohort: Cohort


class Regrouped(NamedTuple):
    """Whose all templates become: the `subjects`, a new one by its name alone, and of each template its place among
    them, `row [T + M]`: of the T that are there in the order of `Contents`, and of M new `images` with their
    `encodings [M, D]`.
    """

    subjects: Sequence[Subject | str]
    row: NDArray[np.int64]
    images: Sequence[Image]
    encodings: NDArray[np.float32]


class Store(Protocol):
    """A gallery. Each method is one transaction: it is done whole, or not at all.

    All raise a `LikenessError` where the store can't be read or written, or where a subject is named that is not there
    or not the only one. A subject is named by its id, or by its name where that is of one alone and no other's id.
    """

    @property
    def name(self) -> str:
        """What to call the gallery in a message."""
        ...

    def settings(self) -> Settings:
        """What it is bound to."""
        ...

    def contents(self) -> Contents:
        """All that it holds."""
        ...

    def subjects(self) -> list[tuple[Subject, int]]:
        """The subjects by number, and how many templates each has."""
        ...

    def subject(self, named: str) -> Subject:
        """The subject of an id, or else of a name that no other has."""
        ...

    def found(self, whom: Whom) -> Subject | None:
        """The subject that would be enrolled as `whom`, None where it would be new."""
        ...

    def cohort_size(self) -> tuple[int, int]:
        """How many images of how many strangers the cohort has."""
        ...

    def detectors(self) -> list[str]:
        """What found the faces of the enrolled images, "" for images that were taken whole."""
        ...

    def templates(self, subject: Subject) -> list[Template]:
        """Those of a subject by number."""
        ...

    def holders(self, contents: Sequence[str]) -> dict[str, Subject | None]:
        """Of these images the enrolled ones with their subjects, and those of the cohort with None."""
        ...

    def corrections(self) -> list[Correction]:
        """What was said of images."""
        ...

    def said(self, contents: Sequence[str]) -> dict[str, Said]:
        """What was said of these images and subjects, of those of which something was."""
        ...

    def enrol(self, enrolments: Sequence[Enrolment]) -> list[Enrolled]:
        """Add subjects and templates; an image that its subject has already is left as it is.

        Refused where an image is another's, or the cohort's, or somebody said that it is not of its subject, and where
        the gallery has another encoder by now.
        """
        ...

    def rename(self, subject: Subject, name: str) -> None:
        """Give a subject another name."""
        ...

    def merge(self, into: Subject, others: Sequence[Subject]) -> None:
        """Give a subject the templates of others, who go; keep that their images must be of one."""
        ...

    def split(self, subject: Subject, contents: Sequence[str], whom: Whom) -> Subject:
        """Give these images of a subject to another, and keep that they cannot be of the first.

        Refused where one is not the first's, or it would keep none.
        """
        ...

    def remove(self, subject: Subject, contents: Sequence[str] | None = None) -> list[Template]:
        """Remove a subject, or these images of it, so that no byte of an encoding is left; returns what went.

        Raises:
            StillKept: they are removed, and a copy is left until the gallery is opened again.
        """
        ...

    def say_is(self, image: Image, subject: Subject) -> Subject | None:
        """Keep that an image is of a subject, and give it its template where another has it; returns whose it was.

        Refused where it is the cohort's, where the subject has no other image, or where the other would keep none.
        """
        ...

    def say_is_not(self, image: Image, subject: Subject) -> None:
        """Keep that an image is not of a subject; refused where it is enrolled as its, or the subject has none."""
        ...

    def correct(self, corrections: Sequence[Correction]) -> None:
        """Keep what was said of pairs of images; of a pair, what is said last counts."""
        ...

    def set_cohort(
        self, cohort: Cohort, come_from: str, encoder: Mapping[str, Any], score: Score | None = None
    ) -> None:
        """Put another cohort, encoded by an `encoder` of this identity, in the place of the one that is there, and
        another score where one is given.

        Refused where the gallery has another encoder by now.
        """
        ...

    def set_score(self, score: Score) -> None:
        """Compare several templates otherwise from now on."""
        ...

    def keep_distances(self, revision: int, distances: NearestSubjects) -> None:
        """Keep the cohort's distances to the gallery at a revision, where that is still the gallery's."""
        ...

    def reencode(self, revision: int, reencoded: Reencoded) -> None:
        """Put other encodings in the place of all; refused where the gallery has changed since that revision."""
        ...

    def regroup(self, revision: int, regrouped: Regrouped) -> list[Subject]:
        """Give all templates, new ones too, to the subjects of `regrouped`, which are returned; others who are left
        without a template go. Refused where the gallery has changed since that revision.
        """
        ...

    def damage(self) -> list[str]:
        """What is wrong with the store itself; empty where nothing is."""
        ...
