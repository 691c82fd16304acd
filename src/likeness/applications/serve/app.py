"""The application: REST, the pages, and the gate before both."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from likeness.applications.serve import (
    pages,
    rest_checks,
    rest_corrections,
    rest_galleries,
    rest_jobs,
    rest_searches,
    rest_subjects,
)
from likeness.applications.serve.answers import ErrorAnswer
from likeness.applications.serve.failures import (
    Failure,
    on_failure,
    on_http_exception,
    on_invalid,
    on_likeness_error,
    on_mistake,
)
from likeness.applications.serve.gate import Access, Gate
from likeness.applications.serve.site import Site
from likeness.errors import LikenessError

_REST: Sequence[APIRouter] = [
    one.router
    for one in (rest_galleries, rest_subjects, rest_searches, rest_corrections, rest_checks, rest_jobs)
]
_FAILURES = {
    400: "the body can't be read",
    401: "the token is missing or wrong",
    403: "another site asks",
    404: "there is no such thing",
    413: "a picture or the request is too large",
    415: "the body is of another type",
    421: "the server is not known by that name",
    422: "a value or a picture can't be used, or what was asked for is refused",
    503: "too much is waiting",
}
_SMALL = 2**16  # bytes of a request without pictures


class _Application(FastAPI):
    """One whose OpenAPI document says that every request brings the token."""

    def openapi(self) -> dict[str, Any]:
        """The document."""
        document = super().openapi()
        document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"token": []}]
        return document


def make_app(site: Site, access: Access) -> ASGIApp:
    """The application over a site."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        yield
        site.jobs.stop()

    app = _Application(
        title="Likeness",
        version="1",
        description="Who is it? Galleries of who is enrolled. Pictures are sent as multipart/form-data.",
        docs_url=None,
        redoc_url=None,
        lifespan=life,
        max_body_size=_SMALL,
        exception_handlers={
            Failure: on_failure,
            LikenessError: on_likeness_error,
            HTTPException: on_http_exception,
            RequestValidationError: on_invalid,
            Exception: on_mistake,
        },
    )
    app.state.site = site
    refusals: dict[int | str, dict[str, Any]] = {
        status: {"model": ErrorAnswer, "description": said} for status, said in _FAILURES.items()
    }
    for router in _REST:
        app.include_router(router, responses=refusals)
    app.include_router(pages.router, include_in_schema=False)
    app.mount("/static", StaticFiles(packages=[("likeness.applications.serve", "static")]))
    return Gate(app, access)
