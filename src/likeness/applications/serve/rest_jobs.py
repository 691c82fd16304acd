"""REST: what takes long, and pictures in the style of others."""

from typing import Annotated

from fastapi import APIRouter, File, Path, Response, UploadFile

from likeness.applications.serve.answers import JobAnswer
from likeness.applications.serve.failures import Failure, missing
from likeness.applications.serve.jobs import Advance, Job, Made
from likeness.applications.serve.painting import painted
from likeness.applications.serve.site import Site, ThisSite
from likeness.applications.serve.uploads import Picture, limits, received

router = APIRouter(prefix="/v1", tags=["jobs"])

JobId = Annotated[str, Path(description="the id of a job")]


@router.get("/jobs/{job}")
def job(site: ThisSite, job: JobId) -> JobAnswer:
    """Show how much of a job is done, and what came of it."""
    return site.jobs.job(job).answer()


@router.get(
    "/jobs/{job}/picture",
    response_class=Response,
    responses={200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}},
)
def job_picture(site: ThisSite, job: JobId) -> Response:
    """Show the picture that a job made."""
    content = site.jobs.job(job).made.picture
    if content is None:
        raise missing("This job has made no picture, or not yet.")
    return Response(content, media_type="image/png")


@router.post("/stylize", status_code=202, **limits(2)._asdict())
async def stylize(
    site: ThisSite,
    content: Annotated[UploadFile, File()],
    style: Annotated[UploadFile | None, File(description="left out for a network of one style")] = None,
) -> JobAnswer:
    """Paint a picture in the style of another, as a job."""
    pictures = [await received(one) for one in (content, style) if one is not None]
    return painting(site, pictures[0], *pictures[1:]).answer()


def painting(site: Site, content: Picture, style: Picture | None = None) -> Job:
    """Begin to paint.

    Raises:
        Failure: a style is missing, or not wanted.
    """
    painter = site.painter
    if painter.wants_style != (style is not None):
        wanted = (
            "Send a style's picture too." if painter.wants_style else "The style is the network's: send none."
        )
        raise Failure(422, "invalid", wanted)

    def work(advance: Advance) -> Made:
        return painted(painter, content, style, advance)

    return site.jobs.start("stylized", "", painter.steps, work)
