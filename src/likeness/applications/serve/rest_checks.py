"""REST: other strangers for a gallery's thresholds, and what is probably wrong in it; both are jobs."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile
from pydantic import BaseModel, Field

from likeness.applications.serve.answers import JobAnswer, Rate
from likeness.applications.serve.checking import MOST_FOUND, checked
from likeness.applications.serve.enrolment import by_folder
from likeness.applications.serve.galleries import ServedGallery
from likeness.applications.serve.jobs import Advance, Job, Made
from likeness.applications.serve.rest_galleries import DEFAULT_FAR, DEFAULT_FPIR, calibrated
from likeness.applications.serve.site import Site, ThisGallery, ThisSite
from likeness.applications.serve.strangers import take_strangers
from likeness.applications.serve.uploads import IN_A_COHORT, Picture, limits, received

router = APIRouter(prefix="/v1/galleries/{gallery}", tags=["jobs"])

WITH_STRANGERS = limits(IN_A_COHORT, 200 * 2**20)._asdict()


class WantedCheck(BaseModel):
    """The rates at which two subjects are as near as one, and how many of each kind are told."""

    fpir: Rate = DEFAULT_FPIR
    far: Rate = DEFAULT_FAR
    top: int = Field(default=20, ge=1, le=MOST_FOUND)


@router.post("/cohorts", status_code=202, **WITH_STRANGERS)
async def take_cohort(
    site: ThisSite,
    gallery: ThisGallery,
    pictures: Annotated[
        list[UploadFile],
        File(
            description="of strangers, whom the last folder of each names",
            min_length=1,
            max_length=IN_A_COHORT,
        ),
    ],
    fpir: Annotated[
        Rate, Form(description="the share of strangers' searches that they must be enough for")
    ] = DEFAULT_FPIR,
) -> JobAnswer:
    """Choose the thresholds on other strangers, as a job; their pictures are kept, for another encoder."""
    got = [await received(one) for one in pictures]
    return cohort_job(site, gallery, got, fpir).answer()


@router.post("/checks", status_code=202)
def check(site: ThisSite, gallery: ThisGallery, wanted: WantedCheck) -> JobAnswer:
    """Look for what is probably wrong, as a job: mislabelled templates, one subject under two names, lookalikes, and
    templates far from their own subject.
    """
    return check_job(site, gallery, wanted).answer()


def cohort_job(site: Site, gallery: ServedGallery, pictures: Sequence[Picture], fpir: float) -> Job:
    """Begin to take other strangers.

    Raises:
        Failure: nothing says who is shown, or too much is waiting.
    """
    wanted = by_folder(pictures)

    def work(advance: Advance) -> Made:
        told = take_strangers(gallery, wanted, fpir, advance)
        found = calibrated(gallery, fpir, DEFAULT_FAR)
        return Made(
            calibration=found.model_copy(update={"said": [*found.said, *told.unreadable, *told.notes]})
        )

    return site.jobs.start("cohort", gallery.id, len(pictures), work)


def check_job(site: Site, gallery: ServedGallery, wanted: WantedCheck) -> Job:
    """Begin to check a gallery.

    Raises:
        Failure: too much is waiting.
    """

    def work(advance: Advance) -> Made:
        return Made(checked=checked(gallery, **wanted.model_dump()))

    return site.jobs.start("check", gallery.id, 1, work)
