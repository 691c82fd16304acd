"""Pictures that are compared with those of a gallery, and are not kept."""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from likeness.applications.gallery.claim import Claim, claim
from likeness.applications.gallery.identify import Identification, identify
from likeness.applications.gallery.pair import PairDecision, decide_pair
from likeness.applications.gallery.read_images import LeftOut, Sized, left_out, shown_in
from likeness.applications.gallery.store import Image
from likeness.applications.serve.galleries import ServedGallery
from likeness.applications.serve.uploads import Picture
from likeness.errors import UnreadableImage


class Found(NamedTuple):
    """What was found, and what was told of the pictures."""

    identification: Identification
    told: LeftOut


class Decided(NamedTuple):
    """The decision, and what was told of the pictures."""

    decision: Claim | PairDecision
    told: LeftOut


def identified(gallery: ServedGallery, pictures: Sequence[Picture], *, fpir: float, top: int) -> Found:
    """Who pictures show.

    Raises:
        LikenessError: none of them can be used, nobody is enrolled, or no threshold can be chosen for this rate.
    """
    told = left_out()
    with gallery.opened_to_encode() as store:
        shown = [(image, pixels) for image, pixels in _shown(gallery, pictures, told) if pixels is not None]
        if not shown:
            raise UnreadableImage(told.unreadable[0])
        encodings = gallery.encoder.encode([pixels for _, pixels in shown])
        images = [image for image, _ in shown]
        return Found(identify(store, gallery.encoder.comparison, images, encodings, fpir=fpir, top=top), told)


def claimed(gallery: ServedGallery, picture: Picture, named: str, *, far: float) -> Decided:
    """Whether a picture shows the subject of an id, or of a name that no other has.

    Raises:
        LikenessError: there is no such subject, the picture can't be used, or no threshold can be chosen.
    """
    told = left_out()
    with gallery.opened_to_encode() as store:
        store.subject(named)  # which says so before anything is encoded
        encodings = gallery.encoder.encode(_all_shown(gallery, [picture], told))
        image = Image(picture.digest, picture.called)
        return Decided(claim(store, gallery.encoder.comparison, image, encodings, named, far=far), told)


def compared(gallery: ServedGallery, first: Picture, second: Picture, *, far: float) -> Decided:
    """Whether two pictures show one subject, by the encoder and the cohort of a gallery.

    Raises:
        LikenessError: a picture can't be used, or no threshold can be chosen.
    """
    told = left_out()
    with gallery.opened_to_encode() as store:
        encodings = gallery.encoder.encode(_all_shown(gallery, [first, second], told))
        return Decided(decide_pair(store, gallery.encoder.comparison, encodings, far=far), told)


def _shown(
    gallery: ServedGallery, pictures: Sequence[Picture], told: LeftOut
) -> list[tuple[Image, Tensor | None]]:
    sized = Sized(gallery.encoder.spatial_size, gallery.encoder.channels)
    images = [Image(picture.digest, picture.called) for picture in pictures]
    return [
        (image, shown_in(image, sized, gallery.finder, told, picture.content))
        for image, picture in zip(images, pictures, strict=True)
    ]


def _all_shown(gallery: ServedGallery, pictures: Sequence[Picture], told: LeftOut) -> list[Tensor]:
    shown = [pixels for _, pixels in _shown(gallery, pictures, told) if pixels is not None]
    if len(shown) < len(pictures):
        raise UnreadableImage(told.unreadable[0])
    return shown
