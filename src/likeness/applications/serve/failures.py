"""What went wrong, as one envelope for programs and one sentence on a page for people."""

import re
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from likeness.applications.serve.answers import ErrorAnswer, ErrorDetail
from likeness.applications.serve.page import page
from likeness.errors import LikenessError, UnreadableImage, ended, sentence

_CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    500: "internal",
    503: "busy",
}
_SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address doesn't take such a request.",
    413: "That is too much: a picture may have 10 MiB, and a request may bring only some of them.",
    500: "The server made a mistake, which it has logged.",
}

_INSTEAD = (
    (": enrol somebody with likeness enrol", ": enrol somebody first"),
    (
        "with likeness gallery calibrate --cohort",
        "among its thresholds",
    ),
    (", or leave --detector out if it is cropped already", ""),
    ("with likeness gallery split or remove", "on the subject's page"),
    ("with likeness gallery split", "on the subject's page"),
    ("--fpir ", "a rate of "),
    ("--far ", "a rate of "),
)
"""Words of the command line, and what is said on a page in their place."""


class Failure(Exception):
    """An answer of its own: a status of HTTP, a code for programs, and a sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def missing(message: str) -> Failure:
    """That something is not there."""
    return Failure(404, "not_found", message)


def of_error(error: LikenessError) -> Failure:
    """What a user can mend."""
    code = "unreadable_picture" if isinstance(error, UnreadableImage) else "refused"
    said = sentence(error)
    for words, instead in _INSTEAD:
        said = said.replace(words, instead)
    return Failure(422, code, said)


def answer(scope: Scope, failure: Failure, headers: Mapping[str, str] | None = None) -> Response:
    """The failure as a page where a person asked for one, else in the envelope."""
    message = ended(failure.message)
    if _asks_for_page(scope):
        title = HTTPStatus(failure.status).phrase
        site = scope["app"].state.site if "app" in scope else None
        shown = page(
            "failure.html",
            status=failure.status,
            site=site,
            gallery=None,
            here="",
            message=message,
            title=title,
        )
        shown.headers.update(headers or {})
        return shown
    envelope = ErrorAnswer(error=ErrorDetail(code=failure.code, message=message))
    return JSONResponse(envelope.model_dump(), failure.status, dict(headers or {}))


def of_status(status: int, message: str = "") -> Failure:
    """The failure of a status of HTTP."""
    code = _CODES.get(status, "failed")
    return Failure(status, code, _SENTENCES.get(status) or message or HTTPStatus(status).phrase)


async def on_failure(request: Request, failure: Exception) -> Response:
    """Answer a `Failure`."""
    assert isinstance(failure, Failure)
    return answer(request.scope, failure)


async def on_likeness_error(request: Request, error: Exception) -> Response:
    """Answer what a user can mend."""
    assert isinstance(error, LikenessError)
    return answer(request.scope, of_error(error))


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Answer what the framework refuses."""
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 405 and (methods := _methods_at(request)):
        headers["Allow"] = ", ".join(methods)
    return answer(request.scope, of_status(error.status_code, str(error.detail)), headers)


async def on_mistake(request: Request, error: Exception) -> Response:
    """Answer a mistake of the program; the gate logs it."""
    return answer(request.scope, of_status(500))


async def on_invalid(request: Request, error: Exception) -> Response:
    """Say what is wrong with the first value that is; the value itself is not repeated."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path")) or "body"
    return answer(request.scope, Failure(422, "invalid", f"{where}: {first['msg']}"))


def _methods_at(request: Request) -> list[str]:
    """The methods that the OpenAPI document has for an address: the framework names those of one function alone."""
    found: set[str] = set()
    for path, operations in request.app.openapi()["paths"].items():
        pattern = "[^/]+".join(map(re.escape, re.split(r"\{\w+\}", path)))
        if re.fullmatch(pattern, request.url.path):
            found.update(method.upper() for method in operations)
    return sorted(found)


def _asks_for_page(scope: Scope) -> bool:
    path = scope["path"]
    if path.startswith("/v1") or path == "/openapi.json":
        return False
    accept = dict(scope["headers"]).get(b"accept", b"").decode("latin-1")
    return "text/html" in accept
