"""REST: the galleries, and how each is calibrated."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from likeness.applications.gallery.calibrate import thresholds
from likeness.applications.gallery.score import Score
from likeness.applications.serve.answers import CalibrationAnswer, GalleryAnswer, Rate
from likeness.applications.serve.failures import of_error
from likeness.applications.serve.galleries import ServedGallery
from likeness.applications.serve.site import ThisGallery, ThisSite
from likeness.errors import LikenessError

router = APIRouter(prefix="/v1/galleries", tags=["galleries"])

DEFAULT_FPIR, DEFAULT_FAR = 0.02, 0.01


class NewScore(BaseModel):
    """How several templates of a subject compare from now on."""

    score: Score


@router.get("")
def galleries(site: ThisSite) -> list[GalleryAnswer]:
    """List the galleries."""
    return [_answer(one) for one in site.galleries.values()]


@router.get("/{gallery}")
def gallery(gallery: ThisGallery) -> GalleryAnswer:
    """Show a gallery."""
    return _answer(gallery)


@router.get("/{gallery}/calibration")
def calibration(
    gallery: ThisGallery,
    fpir: Annotated[
        Rate, Query(description="the share of strangers' searches that may give a name")
    ] = DEFAULT_FPIR,
    far: Annotated[
        Rate, Query(description="the share of strangers' claims that may be accepted")
    ] = DEFAULT_FAR,
) -> CalibrationAnswer:
    """Show the cohort and the thresholds of a gallery, or why none can be chosen at these rates."""
    return calibrated(gallery, fpir, far)


@router.patch("/{gallery}/calibration")
def choose_score(gallery: ThisGallery, new: NewScore) -> CalibrationAnswer:
    """Compare several templates of a subject otherwise from now on."""
    with gallery.opened() as store:
        store.set_score(new.score)
    return calibrated(gallery, DEFAULT_FPIR, DEFAULT_FAR)


def calibrated(gallery: ServedGallery, fpir: float, far: float) -> CalibrationAnswer:
    """The thresholds of a gallery."""
    with gallery.opened_to_encode() as store:
        contents = store.contents()
    try:
        with gallery.opened() as store:
            said = thresholds(store, gallery.encoder.comparison, fpir=fpir, far=far).splitlines()
    except LikenessError as error:
        said = [of_error(error).message]
    strangers = contents.cohort.subjects
    return CalibrationAnswer(
        score=contents.settings.score.value, cohort=len(strangers), subjects=len(set(strangers)), said=said
    )


def _answer(gallery: ServedGallery) -> GalleryAnswer:
    with gallery.opened() as store:
        settings, subjects = store.settings(), len(store.subjects())
    return GalleryAnswer(
        id=gallery.id,
        subjects=subjects,
        score=settings.score.value,
        dimensions=int(settings.encoder["dimensions"]),
        finds_faces=gallery.finder is not None,
    )
