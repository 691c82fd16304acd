"""Pictures that are enrolled, by what the command line enrols with, and kept as long as they are."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from likeness.applications.gallery.bound_encoder import BoundEncoder
from likeness.applications.gallery.enrol import Named, enrol
from likeness.applications.gallery.kept_pictures import forget
from likeness.applications.gallery.read_images import LeftOut, left_out
from likeness.applications.gallery.store import Enrolled, Store, Subject, Template, Whom
from likeness.applications.serve.failures import Failure
from likeness.applications.serve.galleries import PORTION, ServedGallery, spoken, without_paths
from likeness.applications.serve.uploads import Picture
from likeness.errors import LikenessError

MOST_LETTERS = 200


class Enrolment(NamedTuple):
    """Who was enrolled, and what was told of the pictures."""

    enrolled: list[Enrolled]
    told: LeftOut


def whom(name: str, id: str | None) -> Whom:
    """Somebody of this name, and of this id where that is not blank.

    Raises:
        Failure: a name is blank, or one of both is too long or can't be shown in a line.
    """
    name, id = (name or "").strip(), (id or "").strip() or None
    for what, text in (("name", name), ("id", id or "-")):
        if not text:
            raise Failure(422, "invalid", "A name is missing: say who it is.")
        if len(text) > MOST_LETTERS or not text.isprintable():
            raise Failure(
                422,
                "invalid",
                f"This is no {what} that can be used: take one line of at most {MOST_LETTERS} letters.",
            )
    return Whom(name, id)


def by_folder(pictures: Sequence[Picture]) -> list[tuple[Whom, list[Picture]]]:
    """Pictures of a folder that was sent whole, by the folders within that they lie in: these are the names.

    Raises:
        Failure: one lies in none.
    """
    found: dict[str, list[Picture]] = {}
    for picture in pictures:
        if not picture.folder:
            raise Failure(
                422,
                "no_name",
                f"Nothing says who is shown in {picture.called}: give a name, or send a folder.",
            )
        found.setdefault(picture.folder, []).append(picture)
    return [(whom(name, None), some) for name, some in found.items()]


def enrolled(
    gallery: ServedGallery,
    wanted: Sequence[tuple[Whom, Sequence[Picture]]],
    encoded: Callable[[int], None] = lambda count: None,
) -> Enrolment:
    """Enrol pictures of several subjects, of each all that can be used; `encoded` hears of each few of them.

    Raises:
        LikenessError: a picture is somebody else's already, none can be used, or they can't be kept.
    """
    told, digests = left_out(), []
    called: dict[str, str] = {}
    with gallery.opened_to_encode() as store:
        try:
            named = []
            for subject, pictures in wanted:
                files = []
                for content, digest, suffix, name, _ in pictures:
                    file = gallery.pictures.keep(content, digest, suffix)
                    digests.append(digest)
                    called.setdefault(str(file), name)
                    files.append(file)
                named.append(Named(subject, files))
            with without_paths(called):
                done = list(enrol(store, heard(gallery.encoder, encoded), named, gallery.finder, told))
        finally:
            gallery.pictures.settle(store, digests)
    for sentences in told:
        sentences[:] = [spoken(one, called) for one in sentences]
    if not done:
        raise LikenessError(
            told.unreadable[0]
            if told.unreadable
            else "Nobody was enrolled: none of the pictures can be used."
        )
    return Enrolment(done, told)


def removed(
    gallery: ServedGallery, store: Store, subject: Subject, templates: Sequence[Template] | None = None
) -> list[Template]:
    """Remove a subject, or some of its templates, with the pictures that were kept of them."""
    gone = store.remove(subject, None if templates is None else [one.image.content for one in templates])
    forget((one.image for one in gone), gallery.pictures.folder)
    return gone


def heard(encoder: BoundEncoder, encoded: Callable[[int], None]) -> BoundEncoder:
    """The encoder, of which `encoded` hears how many images it has encoded."""

    def embed(images: Tensor) -> Tensor:
        found = []
        for portion in torch.split(images, PORTION):
            found.append(encoder.embed(portion))
            encoded(len(portion))
        return torch.cat(found)

    return encoder._replace(embed=embed)
