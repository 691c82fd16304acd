"""The pages: those of galleries, of jobs, the first one, and that of the OpenAPI document."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from likeness.applications.serve import calibration_pages, job_pages, search_pages, subject_pages
from likeness.applications.serve.openapi_page import described
from likeness.applications.serve.shown import gone_to, shown
from likeness.applications.serve.site import ThisSite

router = APIRouter()
for part in (search_pages, subject_pages, calibration_pages, job_pages):
    router.include_router(part.router)


@router.get("/")
def first(site: ThisSite) -> Response:
    """The gallery, or a list where there are several."""
    if len(site.galleries) == 1:
        return gone_to(f"/g/{next(iter(site.galleries))}/identify")
    found = []
    for gallery in site.galleries.values():
        with gallery.opened() as store:
            found.append((gallery, len(store.subjects())))
    return shown(site, "galleries.html", "galleries", shown=found)


@router.get("/api")
def api(request: Request, site: ThisSite) -> Response:
    """The OpenAPI document, to read."""
    document = request.app.openapi()
    return shown(site, "api.html", "", **described(document))
