"""What somebody says of images, as a gallery keeps it: pairs of images that must be, or cannot be, of one subject.

Somebody speaks of an image and a subject: that it is Ada, or is not; or of subjects: that two are one (merge), that
some images of one are another's (split). A subject is known by its images, so what is said becomes links of images:

- "x is of S" is a must-link of x and an image of S. An image has must-links with one subject alone, its own where it is
  enrolled, and no cannot-link with that one.
- "x is not of S" is a cannot-link of x and each image of S.
- "S and R are one" is must-links of one image with all others of both.
- "These images of S are R's" is a cannot-link of each with each that S keeps.

What is said last counts: it drops the links that contradict it. An image that becomes a subject's loses its cannot-
links with that one, so that after a split and back, whichever command takes it back, it can be of the first again; and
an image that leaves a subject loses its must-links with that one.

A link holds of a subject, not of one image of it. Where an image is removed, its links pass on to another image of its
subject; where it goes to another subject, those with images that are not enrolled do. A cannot-link of two enrolled
images stays with them wherever they go, unless that is to one subject. With the last image of a subject its links go.

What is said outweighs a folder's name. Where a folder is enrolled again, an image stays whose it was said to be, and
one that was said to be somebody else's, or not to be theirs, is left out; a new image in a folder whose subject became
another's by a merge is that one's. Links are of images' bytes: another encoder changes none.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Literal, NamedTuple

from likeness.applications.gallery.database import Database, portions
from likeness.applications.gallery.store import Correction

_COLUMNS = "INSERT INTO correction (kind, first, second) VALUES (?, ?, ?) ON CONFLICT (first, second) "
_LAST = _COLUMNS + "DO UPDATE SET kind = excluded.kind"
_UNLESS_THERE = _COLUMNS + "DO NOTHING"
Kind = Literal["must", "cannot"]


class _Link(NamedTuple):
    """A link of an image that was asked for, `own`, and an `other`; both are contents."""

    kind: Kind
    own: str
    other: str


class CorrectionRows:
    """The links in a gallery's database; each method is a part of a transaction. Images are named by their contents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Correction]:
        """All links."""
        rows = self._database.execute("SELECT kind, first, second FROM correction ORDER BY first, second")
        return [Correction(*row) for row in rows]

    def put(self, links: Iterable[Correction]) -> None:
        """Keep links; of a pair the last counts."""
        self._database.execute_many(_LAST, _rows(links))

    def subjects(self, images: Sequence[str]) -> list[tuple[Kind, str, int]]:
        """The links of these images with enrolled ones: the kind, the image, and the number of the other's subject."""
        links = self._of(images)
        whose = self._whose([link.other for link in links])
        return [(link.kind, link.own, whose[link.other]) for link in links if link.other in whose]

    def is_of(self, image: str, theirs: Sequence[str]) -> None:
        """Say that an image is of the subject that has the others `theirs`."""
        links, own = self._of([image]), set(theirs)
        enrolled = self._whose([link.other for link in links])
        self._drop(
            link for link in links if link.other in enrolled and (link.kind == "must") != (link.other in own)
        )
        if theirs:
            self.put([Correction("must", image, theirs[0])])

    def is_not_of(self, image: str, theirs: Sequence[str]) -> None:
        """Say that an image is not of the subject that has the images `theirs`."""
        self.put([Correction("cannot", image, one) for one in theirs])

    def are_one(self, images: Sequence[str]) -> None:
        """Say that images, which are one subject's now, must be of one."""
        links = self._of(images)
        theirs = {link.other for link in links if link.kind == "must"}.union(images)
        self._drop(link for link in links if link.kind == "cannot" and link.other in theirs)
        self.put([Correction("must", images[0], one) for one in images[1:]])

    def moved(self, images: Sequence[str], left: Sequence[str], joined: Sequence[str]) -> None:
        """Say that images are not of a subject, which has those `left`, but of one that `joined` were of before."""
        links = self._of(images)
        enrolled = self._whose([link.other for link in links])
        loose = [link for link in links if link.other not in enrolled]
        self._pass_on(loose, left)
        stay, go = set(left), {*images, *joined}
        self._drop(link for link in links if link.other in (stay if link.kind == "must" else go))
        self.put([Correction("cannot", one, other) for one in images for other in left])

    def removed(self, images: Sequence[str], left: Sequence[str]) -> None:
        """Forget images that are removed from a subject, which has those `left`."""
        links, gone = self._of(images), set(images)
        self._pass_on([link for link in links if link.other not in gone], left)
        self._drop(links)

    def _pass_on(self, links: Collection[_Link], left: Sequence[str]) -> None:
        """Link the others with the first of `left` in the place of their own."""
        self._drop(links)
        passed = [
            Correction(link.kind, left[0], link.other) for link in links if left and link.other != left[0]
        ]
        self._database.execute_many(_UNLESS_THERE, _rows(passed))

    def _of(self, images: Sequence[str]) -> list[_Link]:
        """The links of these images; one of two of them comes twice."""
        found: list[_Link] = []
        for some, marks in portions(images):
            for own, other in (("first", "second"), ("second", "first")):
                rows = self._database.execute(
                    f"SELECT kind, {own}, {other} FROM correction WHERE {own} IN ({marks}) ORDER BY first, second",
                    some,
                )
                found.extend(map(_Link._make, rows))
        return found

    def _whose(self, images: Sequence[str]) -> dict[str, int]:
        """Of these images the enrolled ones, with the numbers of their subjects."""
        found: dict[str, int] = {}
        for some, marks in portions(sorted(set(images))):
            found.update(
                self._database.execute(
                    f"SELECT content, subject FROM template WHERE content IN ({marks})", some
                )
            )
        return found

    def _drop(self, links: Iterable[_Link]) -> None:
        pairs = [sorted((link.own, link.other)) for link in links]
        self._database.execute_many("DELETE FROM correction WHERE first = ? AND second = ?", pairs)


def _rows(links: Iterable[Correction]) -> list[tuple[str, ...]]:
    return [(one.kind, *sorted((one.first, one.second))) for one in links]
