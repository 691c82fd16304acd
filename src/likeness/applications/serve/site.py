"""What a server has, as its routes get it."""

from typing import Annotated, NamedTuple

from fastapi import Depends, Path, Request

from likeness.applications.gallery.store import Store, Subject, Template
from likeness.applications.serve.failures import missing
from likeness.applications.serve.galleries import ServedGallery
from likeness.applications.serve.jobs import Jobs
from likeness.applications.serve.lane import Lane
from likeness.applications.serve.painting import Painter


class Site(NamedTuple):
    """The galleries by id, the jobs, the lane for pictures, and what paints."""

    galleries: dict[str, ServedGallery]
    jobs: Jobs
    lane: Lane
    painter: Painter

    def gallery(self, id: str) -> ServedGallery:
        """The gallery of an id.

        Raises:
            Failure: there is none.
        """
        if id not in self.galleries:
            raise missing("There is no such gallery here.")
        return self.galleries[id]


def _site(request: Request) -> Site:
    found: Site = request.app.state.site
    return found


def _gallery(
    request: Request, gallery: Annotated[str, Path(description="the id of a gallery")]
) -> ServedGallery:
    return _site(request).gallery(gallery)


ThisSite = Annotated[Site, Depends(_site)]
ThisGallery = Annotated[ServedGallery, Depends(_gallery)]


def subject_of(store: Store, id: str) -> Subject:
    """The subject of an id.

    Raises:
        Failure: there is none.
    """
    for subject, _ in store.subjects():
        if subject.id == id:
            return subject
    raise missing("There is no subject of this id.")


def subject_numbered(store: Store, number: int) -> tuple[Subject, int]:
    """The subject that the store gave a number, and how many templates it has.

    Raises:
        Failure: there is none.
    """
    for subject, templates in store.subjects():
        if subject.number == number:
            return subject, templates
    raise missing("This subject is not here, or no longer.")


def templates_numbered(store: Store, subject: Subject, numbers: list[int]) -> list[Template]:
    """Those templates of a subject that have these numbers.

    Raises:
        Failure: one is not the subject's.
    """
    own = {one.number: one for one in store.templates(subject)}
    if any(number not in own for number in numbers):
        raise missing("The subject has no template of this number.")
    return [own[number] for number in dict.fromkeys(numbers)]
