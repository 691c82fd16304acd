"""REST: who is it, and is it who they say?"""

from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile

from likeness.applications.serve.answers import (
    IdentifiedAnswer,
    Rate,
    VerifiedAnswer,
    identified_answer,
    verified_answer,
)
from likeness.applications.serve.enrolment import MOST_LETTERS
from likeness.applications.serve.failures import Failure
from likeness.applications.serve.galleries import ServedGallery
from likeness.applications.serve.rest_galleries import DEFAULT_FAR, DEFAULT_FPIR
from likeness.applications.serve.searches import claimed, compared, identified
from likeness.applications.serve.site import Site, ThisSite
from likeness.applications.serve.uploads import SEARCHED, limits, received

router = APIRouter(prefix="/v1", tags=["searches"])

MOST_TOP = 100
GalleryId = Annotated[str, Form(description="the id of a gallery; may be left out where there is one alone")]


@router.post("/identify", **limits(SEARCHED)._asdict())
async def identify(
    site: ThisSite,
    pictures: Annotated[list[UploadFile], File(min_length=1, max_length=SEARCHED)],
    gallery: GalleryId = "",
    fpir: Annotated[
        Rate, Form(description="the share of strangers' searches that may give a name")
    ] = DEFAULT_FPIR,
    top: Annotated[int, Form(description="how many of the nearest subjects to tell", ge=1, le=MOST_TOP)] = 5,
) -> IdentifiedAnswer:
    """Say who pictures show, or that nobody enrolled is shown; they are not kept."""
    chosen = chosen_gallery(site, gallery)
    got = [await received(one) for one in pictures]
    return identified_answer(*await site.lane.run(identified, chosen, got, fpir=fpir, top=top))


@router.post("/verify", **limits(2)._asdict())
async def verify(
    site: ThisSite,
    picture: Annotated[UploadFile, File()],
    second: Annotated[UploadFile | None, File(description="another picture, or else a claim")] = None,
    claim: Annotated[
        str,
        Form(description="the id or the name of who the picture is said to show", max_length=MOST_LETTERS),
    ] = "",
    gallery: GalleryId = "",
    far: Annotated[Rate, Form(description="the share of strangers' claims to accept")] = DEFAULT_FAR,
) -> VerifiedAnswer:
    """Say whether two pictures show one subject, or whether a picture shows whom it is said to; they are not kept."""
    chosen = chosen_gallery(site, gallery)
    if (second is None) == (not claim.strip()):
        raise Failure(422, "invalid", "Send a picture with either a second one or a claim.")
    got = await received(picture)
    if second is not None:
        other = await received(second)
        return verified_answer(*await site.lane.run(compared, chosen, got, other, far=far))
    return verified_answer(*await site.lane.run(claimed, chosen, got, claim.strip(), far=far))


def chosen_gallery(site: Site, id: str) -> ServedGallery:
    """The gallery of an id, or the only one.

    Raises:
        Failure: there is none, or none is named of several.
    """
    if not id and len(site.galleries) == 1:
        return next(iter(site.galleries.values()))
    if not id:
        raise Failure(422, "invalid", "There are several galleries here: name one.")
    return site.gallery(id)
