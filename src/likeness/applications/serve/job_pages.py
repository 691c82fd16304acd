"""Pages: what takes long, to enrol and to paint, and how far it is."""

from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile
from starlette.responses import Response

from likeness.applications.serve.failures import Failure
from likeness.applications.serve.galleries import ServedGallery
from likeness.applications.serve.rest_jobs import painting
from likeness.applications.serve.rest_subjects import IN_A_JOB, enrolment_job
from likeness.applications.serve.shown import gone_to, names_in, pictures_of, said_of, shown
from likeness.applications.serve.site import Site, ThisGallery, ThisSite
from likeness.applications.serve.uploads import limits
from likeness.errors import LikenessError

router = APIRouter()

_TITLES = {
    "enrolment": ("Enrolling", "Enrolled", "Nobody was enrolled"),
    "stylized": ("Painting", "Painted", "Nothing was painted"),
    "cohort": ("Choosing thresholds", "Thresholds", "The thresholds are as they were"),
    "check": ("Checking", "What is probably wrong?", "Nothing was checked"),
}
"""By the kind of a job, while it is under way, after it, and where it failed."""
_PAGES = {"enrolment": "enrol", "stylized": "stylize", "cohort": "thresholds", "check": "check"}
"""By the kind of a job the page that it is begun on."""


@router.get("/g/{gallery}/enrol")
def enrol_form(site: ThisSite, gallery: ThisGallery, name: str = "", id: str = "") -> Response:
    """Ask for pictures."""
    return _enrol_page(site, gallery, names_in(gallery), name, id)


@router.post("/g/{gallery}/enrol", **IN_A_JOB)
async def enrol(
    site: ThisSite,
    gallery: ThisGallery,
    pictures: Annotated[list[UploadFile], File()],
    name: Annotated[str, Form()] = "",
    id: Annotated[str, Form()] = "",
) -> Response:
    """Begin to enrol them."""
    try:
        job = enrolment_job(site, gallery, await pictures_of(pictures), name, id)
    except (LikenessError, Failure) as error:
        known = await site.lane.run(names_in, gallery)
        return _enrol_page(site, gallery, known, name, id, error=said_of(error), status=422)
    return gone_to(f"/jobs/{job.id}")


@router.get("/stylize")
def stylize_form(site: ThisSite, gallery: str = "") -> Response:
    """Ask for a picture and a style."""
    return _stylize_page(site, gallery)


@router.post("/stylize", **limits(2)._asdict())
async def stylize(
    site: ThisSite,
    content: Annotated[UploadFile, File()],
    style: Annotated[UploadFile | None, File()] = None,
    gallery: Annotated[str, Form()] = "",
) -> Response:
    """Begin to paint."""
    try:
        pictures = [*await pictures_of([content])]
        if site.painter.wants_style:
            pictures += await pictures_of([] if style is None else [style])
        job = painting(site, *pictures)
    except (LikenessError, Failure) as error:
        return _stylize_page(site, gallery, error=said_of(error), status=422)
    return gone_to(f"/jobs/{job.id}" + (f"?gallery={gallery}" if gallery in site.galleries else ""))


@router.get("/jobs/{job}")
def job(site: ThisSite, job: str, gallery: str = "") -> Response:
    """Show how far a job is, and what came of it."""
    found = site.jobs.job(job)
    return shown(
        site,
        "job.html",
        _PAGES[found.kind],
        site.galleries.get(found.gallery or gallery),
        job=found,
        title=_TITLES[found.kind][0 if not found.over else 1 if found.error is None else 2],
    )


def _enrol_page(
    site: Site,
    gallery: ServedGallery,
    known: list[str],
    name: str,
    id: str,
    *,
    error: str | None = None,
    status: int = 200,
) -> Response:
    return shown(
        site, "enrol.html", "enrol", gallery, status=status, known=known, name=name, id=id, error=error
    )


def _stylize_page(site: Site, gallery: str, *, error: str | None = None, status: int = 200) -> Response:
    within = site.galleries.get(gallery)
    return shown(site, "stylize.html", "stylize", within, status=status, painter=site.painter, error=error)
