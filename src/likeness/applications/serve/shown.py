"""What the pages have in common: the site around them, and what they show of galleries and subjects."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from fastapi import UploadFile
from starlette.responses import RedirectResponse, Response

from likeness.applications.gallery.store import Store, Subject, Template
from likeness.applications.serve.failures import Failure, of_error
from likeness.applications.serve.galleries import ServedGallery
from likeness.applications.serve.page import page
from likeness.applications.serve.site import Site
from likeness.applications.serve.uploads import Picture, received
from likeness.errors import LikenessError, ended
from likeness.evaluation.identification import fewest_searches

MOST_NAMES = 1000
"""Names that a field suggests."""

RATES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
"""The first that a gallery's cohort is large enough for is what a form suggests."""

DONE = {
    "renamed": "The name is saved.",
    "merged": "They are one now.",
    "split": "The chosen pictures are theirs now.",
    "pictures-removed": "The chosen pictures are removed.",
    "removed": "The subject is removed, with all templates.",
    "is": "It is kept that the picture shows this subject.",
    "is_not": "It is kept that the picture does not show this subject.",
}
"""What a page says after something was done, by what its address says."""


class Shown(NamedTuple):
    """A subject on a page: how many pictures it has, and the templates of the first of them."""

    subject: Subject
    pictures: int
    templates: list[Template]


def shown(
    site: Site,
    template: str,
    here: str,
    gallery: ServedGallery | None = None,
    *,
    status: int = 200,
    **values: Any,
) -> Response:
    """A page of the site; `here` is its name among the links above."""
    return page(template, status=status, site=site, gallery=gallery, here=here, **values)


def said_of(error: LikenessError | Failure) -> str:
    """What a page says of an error."""
    return ended(error.message if isinstance(error, Failure) else of_error(error).message)


def gone_to(address: str) -> Response:
    """Send the browser on after something was done, so that loading the page again does not do it again."""
    return RedirectResponse(address, status_code=303)


async def pictures_of(uploads: Iterable[UploadFile]) -> list[Picture]:
    """The pictures of a form; a field that was left empty brings none.

    Raises:
        Failure: there is none, or one is too large.
        UnreadableImage: one is no picture.
    """
    found = [await received(one) for one in uploads if one.filename]
    if not found:
        raise Failure(422, "no_picture", "Choose a picture first.")
    return found


def names_in(gallery: ServedGallery) -> list[str]:
    """The names of subjects, for a field that suggests them."""
    with gallery.opened() as store:
        return list(dict.fromkeys(subject.name for subject, _ in store.subjects()))[:MOST_NAMES]


def first_templates(store: Store, subjects: Iterable[Subject]) -> dict[int, int]:
    """By the numbers of subjects that of their first template; 0 where one has none."""
    return {one.number: next((t.number for t in store.templates(one)), 0) for one in subjects}


def usual_rate(gallery: ServedGallery) -> float:
    """The rate of searches that a form suggests."""
    strangers = gallery.strangers
    return next((rate for rate in RATES if fewest_searches(rate) <= strangers), RATES[0])


def percent_of(text: str) -> float:
    """The share that a field's percentage says.

    Raises:
        Failure: it is none between 0 and 100.
    """
    try:
        share = float(text.replace(",", ".")) / 100
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise Failure(422, "invalid", "A rate is a percentage between 0 and 100.")
    return share
