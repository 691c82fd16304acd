"""Pages: a gallery's thresholds and the strangers they are chosen on, and what is probably wrong in it."""

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, UploadFile
from starlette.responses import Response

from likeness.applications.gallery.score import Score
from likeness.applications.serve.answers import CalibrationAnswer
from likeness.applications.serve.failures import Failure
from likeness.applications.serve.galleries import ServedGallery
from likeness.applications.serve.rest_checks import WITH_STRANGERS, WantedCheck, check_job, cohort_job
from likeness.applications.serve.rest_galleries import calibrated
from likeness.applications.serve.shown import gone_to, percent_of, pictures_of, said_of, shown, usual_rate
from likeness.applications.serve.site import Site, ThisGallery, ThisSite
from likeness.errors import LikenessError

router = APIRouter(prefix="/g/{gallery}")

SCORES = {
    Score.mean: "the mean of its templates",
    Score.maximum: "its nearest template",
    Score.mean_score: "all its templates, on average",
}
"""What a picture is compared with, of a subject."""


@router.get("/thresholds")
def thresholds(
    site: ThisSite, gallery: ThisGallery, fpir: str = "", far: str = "1", done: str = ""
) -> Response:
    """Show the thresholds at some rates."""
    return _thresholds_page(site, gallery, fpir, far, done=done)


@router.post("/score")
def choose_score(site: ThisSite, gallery: ThisGallery, score: Annotated[Score, Form()]) -> Response:
    """Compare several templates of a subject otherwise from now on."""
    try:
        with gallery.opened() as store:
            store.set_score(score)
    except LikenessError as error:
        return _thresholds_page(site, gallery, "", "1", error=error)
    return gone_to(f"/g/{gallery.id}/thresholds?done=score")


@router.post("/cohort", **WITH_STRANGERS)
async def take_cohort(
    site: ThisSite,
    gallery: ThisGallery,
    pictures: Annotated[list[UploadFile], File()],
    fpir: Annotated[str, Form()] = "2",
) -> Response:
    """Begin to take other strangers."""
    try:
        job = cohort_job(site, gallery, await pictures_of(pictures), percent_of(fpir))
    except (LikenessError, Failure) as error:
        return await site.lane.run(_thresholds_page, site, gallery, fpir, "1", error=error)
    return gone_to(f"/jobs/{job.id}")


@router.get("/check")
def check_form(site: ThisSite, gallery: ThisGallery) -> Response:
    """Ask at which rates to look."""
    return _check_page(site, gallery, f"{100 * usual_rate(gallery):g}", "1")


@router.post("/check")
def check(
    site: ThisSite,
    gallery: ThisGallery,
    fpir: Annotated[str, Form()] = "2",
    far: Annotated[str, Form()] = "1",
) -> Response:
    """Begin to look for what is probably wrong."""
    try:
        job = check_job(site, gallery, WantedCheck(fpir=percent_of(fpir), far=percent_of(far)))
    except Failure as error:
        return _check_page(site, gallery, fpir, far, error=error)
    return gone_to(f"/jobs/{job.id}")


def _thresholds_page(
    site: Site,
    gallery: ServedGallery,
    fpir: str,
    far: str,
    *,
    done: str = "",
    error: LikenessError | Failure | None = None,
) -> Response:
    fpir = fpir or f"{100 * usual_rate(gallery):g}"
    found: CalibrationAnswer | None = None
    try:
        found = calibrated(gallery, percent_of(fpir), percent_of(far))
    except (LikenessError, Failure) as refused:
        error = error or refused
    values: dict[str, Any] = {"fpir": fpir, "far": far, "found": found, "scores": SCORES}
    return shown(
        site,
        "thresholds.html",
        "thresholds",
        gallery,
        status=200 if error is None else 422,
        done="The score is saved." if done == "score" else None,
        error=None if error is None else said_of(error),
        **values,
    )


def _check_page(
    site: Site, gallery: ServedGallery, fpir: str, far: str, *, error: Failure | None = None
) -> Response:
    return shown(
        site,
        "check.html",
        "check",
        gallery,
        status=200 if error is None else 422,
        fpir=fpir,
        far=far,
        error=None if error is None else said_of(error),
    )
