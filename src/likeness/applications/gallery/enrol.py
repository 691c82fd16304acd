"""Enrol subjects: a folder for each, or one by name; what is enrolled already is not encoded again."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from torch import Tensor

from likeness.applications.counted import counted
from likeness.applications.encoder import BATCH
from likeness.applications.gallery.bound_encoder import BoundEncoder
from likeness.applications.gallery.read_images import (
    FaceFinder,
    LeftOut,
    Sized,
    known_by_content,
    note_other_detector,
    shown_in,
)
from likeness.applications.gallery.store import (
    NOTHING_SAID,
    Enrolled,
    Enrolment,
    Image,
    Said,
    Store,
    Subject,
    Whom,
    refuse_holder,
)
from likeness.applications.photographs import photographs_in
from likeness.data.image_files import identity_folders
from likeness.errors import LikenessError


class Named(NamedTuple):
    """Somebody, and the files that show them."""

    whom: Whom
    files: Sequence[Path]


class _Wanted(NamedTuple):
    """Somebody, and the images of them that are new and that are enrolled already."""

    whom: Whom
    new: list[Image]
    known: int


def named_in(places: Sequence[Path], name: str | None, id: str | None) -> list[Named]:
    """Whom the images at `places` show: all of them `name`, or each folder below a place somebody called as it is.

    Raises:
        LikenessError: a place is missing or empty, or nothing says who is shown.
    """
    if name is not None:
        return [Named(Whom(name, id), [one.file for one in photographs_in(places)])]
    if id is not None:
        raise LikenessError("--id is somebody's: say with --name who it is.")
    found: list[Named] = []
    for place in places:
        if not place.is_dir():
            missing = "" if place.exists() else ", which is missing,"
            raise LikenessError(f"Nothing says who is shown in {place}{missing}: give a name with --name.")
        folders = identity_folders(place)
        if not folders:
            photographs_in([place])  # which says so where there is no image at all
            raise LikenessError(
                f"The images lie directly in {place}: give a name with --name, or make a folder for each subject."
            )
        found.extend(
            Named(Whom(who), [place / who / file for file in files]) for who, files in folders.items()
        )
    return found


def enrol(
    store: Store,
    encoder: BoundEncoder,
    named: Sequence[Named],
    finder: FaceFinder | None,
    told: LeftOut,
) -> Iterator[Enrolled]:
    """Enrol subjects and give each when it is in the store for good.

    All that can be refused is, before anything is encoded. Of somebody whose images are many none is in the store
    before all are. An image that can't be read or shows no face is left out and told.

    Raises:
        LikenessError: an image is another's already, or of two who are to be enrolled, or a name is ambiguous.
    """
    note_other_detector(store, finder, told)
    ready: list[tuple[Whom, int, list[tuple[Image, Tensor]]]] = []
    for whom, new, known in _wanted(store, named, finder, told):
        shown = [
            (image, pixels)
            for image in new
            if (pixels := shown_in(image, _sized(encoder), finder, told)) is not None
        ]
        if shown or known:
            ready.append((whom, known, shown))
        if sum(len(images) for _, _, images in ready) >= BATCH:
            yield from _stored(store, encoder, ready)
            ready = []
    yield from _stored(store, encoder, ready)


def _sized(encoder: BoundEncoder) -> Sized:
    return Sized(encoder.spatial_size, encoder.channels)


def _stored(
    store: Store, encoder: BoundEncoder, ready: Sequence[tuple[Whom, int, list[tuple[Image, Tensor]]]]
) -> list[Enrolled]:
    """Encode what is ready, and store it at once."""
    images = [pixels for _, _, shown in ready for _, pixels in shown]
    dimensions = int(encoder.identity["dimensions"])
    encodings = encoder.encode(images) if images else np.empty((0, dimensions), np.float32)
    ends = np.cumsum([len(shown) for _, _, shown in ready])
    parts = np.split(encodings, ends[:-1]) if len(ends) else []
    enrolments = [
        Enrolment(whom, [image for image, _ in shown], part, encoder.identity)
        for (whom, _, shown), part in zip(ready, parts, strict=True)
    ]
    done = store.enrol(enrolments)
    return [one._replace(known=one.known + known) for one, (_, known, _) in zip(done, ready, strict=True)]


def _wanted(store: Store, named: Sequence[Named], finder: FaceFinder | None, told: LeftOut) -> list[_Wanted]:
    """Whom to enrol with which images, where nothing speaks against it."""
    seen: dict[str, tuple[Whom, Image]] = {}
    by_whom = [(whom, list(known_by_content(files, finder, told))) for whom, files in named]
    holders = store.holders([image.content for _, images in by_whom for image in images])
    said = store.said([image.content for _, images in by_whom for image in images])
    wanted: list[_Wanted] = []
    for whom, images in by_whom:
        subject = store.found(whom)
        others: dict[Subject, None] = {}
        fresh: list[Image] = []
        known = 0
        for image in images:
            other, earlier = seen.setdefault(image.content, (whom, image))
            if other != whom:
                raise LikenessError(
                    f"{earlier.file} and {image.file} are one image, but {other.name} and {whom.name} are two: leave "
                    "one out."
                )
            holder = holders.get(image.content)
            if holder is not None and holder != subject and image.content in said:
                told.notes.append(f"{image.file} stays an image of {holder}, as somebody said.")
                others[holder] = None
                continue
            if image.content in holders:
                number = None if subject is None else subject.number
                refuse_holder(store.name, image, number, holder)
            if image.content in holders or earlier is not image:
                known += 1
            else:
                fresh.append(image)
        if subject is None and fresh and others:
            subject = _who_they_became(store.name, whom, list(others), len(fresh), told)
            whom = Whom(subject.name, subject.id)
        new = [image for image in fresh if _may_be(image, subject, said, told)]
        wanted.append(_Wanted(whom, new, known))
    return wanted


def _who_they_became(
    gallery: str, whom: Whom, others: Sequence[Subject], images: int, told: LeftOut
) -> Subject:
    """The subject whom somebody, whose new `images` are to be enrolled, became one with.

    Raises:
        LikenessError: somebody said that their images are of several.
    """
    if len(others) > 1:
        raise LikenessError(
            f"Nobody in {gallery} is called {whom.name}, and somebody said that their images are of "
            f"{' and '.join(map(str, others))}: enrol the new ones alone, and say with --name who it is."
        )
    told.notes.append(
        f"{whom.name} is {others[0]}, as somebody said: {counted(images, 'new image')} of {whom.name} "
        f"{'is' if images == 1 else 'are'} enrolled as theirs."
    )
    return others[0]


def _may_be(image: Image, subject: Subject | None, said: Mapping[str, Said], told: LeftOut) -> bool:
    """Whether an image may be enrolled as a subject's, None for a new one; what speaks against it is told."""
    against = said.get(image.content, NOTHING_SAID).against(subject)
    if against:
        told.notes.append(f"{image.file} {against}, as somebody said: it is left out.")
    return not against
