"""Who may ask: the host and the origin of a request, and the token; and what every answer says to a browser."""

import hmac
from collections.abc import Iterable, MutableMapping
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from likeness.applications.serve.failures import Failure, answer, of_status
from likeness.applications.serve.logs import log_error
from likeness.applications.serve.page import page

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
OPEN = "/static/"
"""What lies below is no secret: a style, an icon, a script."""

_BODIES = ("multipart/form-data", "application/json")


class Access(NamedTuple):
    """Names by which the server may be asked for, and the token, None where none is needed.

    `cookie` is the name of the cookie by which a browser shows it has the token: browsers keep one for all ports.
    """

    hosts: frozenset[str]
    token: str | None
    cookie: str

    @property
    def pass_word(self) -> str:
        """The cookie's value, from which the token can't be found."""
        return sha256(f"likeness cookie {self.token}".encode()).hexdigest()


class Gate:
    """An ASGI application before another: it lets through what may ask, and ends every request with an answer."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, _Guarded(scope, send))

    async def _answer(self, scope: Scope, receive: Receive, send: "_Guarded") -> None:
        try:
            response = self._refused_or_let_in(scope)
            if response is None:
                await self._app(scope, receive, send)
                return
        except Exception as error:
            log_error(error)
            if send.started:
                return
            response = answer(scope, of_status(500))
        await response(scope, receive, send)

    def _refused_or_let_in(self, scope: Scope) -> Response | None:
        """The answer to a request that goes no further, or to one that brings the token in its address."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _name_of(host) not in self._access.hosts:
            said = "This server is not known by that name: name it with --allowed-host."
            return answer(scope, Failure(421, "wrong_host", said))
        if not _same_origin(scope["method"], headers, host):
            said = "Another site asked for this, which it may not."
            return answer(scope, Failure(403, "wrong_origin", said))
        if scope["path"].startswith(OPEN):
            return None
        if scope["method"] == "GET" and self._is_token(_in_query(scope)):
            return self._let_in(scope)
        if not self._known(scope, headers):
            said = "A token is missing or wrong: open the address that likeness serve has printed."
            refusal = Failure(401, "unauthorized", said)
            return answer(scope, refusal, {"WWW-Authenticate": "Bearer"})
        if (
            _has_body(headers)
            and headers.get("content-type", "").split(";")[0].strip().lower() not in _BODIES
        ):
            said = "A request is multipart/form-data, or where it brings no picture application/json."
            return answer(scope, Failure(415, "unsupported_media_type", said))
        return None

    def _let_in(self, scope: Scope) -> Response:
        """A page that gives the cookie and goes on by itself: a cookie of SameSite=Strict is not sent in a redirect."""
        response = page("welcome.html", address=scope["path"])
        response.set_cookie(self._access.cookie, self._access.pass_word, httponly=True, samesite="strict")
        return response

    def _known(self, scope: Scope, headers: Headers) -> bool:
        if self._access.token is None:
            return True
        kind, _, bearer = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and self._is_token(bearer.strip()):
            return True
        cookie = Request(scope).cookies.get(self._access.cookie, "")
        return hmac.compare_digest(cookie.encode(), self._access.pass_word.encode())

    def _is_token(self, given: str) -> bool:
        token = self._access.token
        return token is not None and hmac.compare_digest(given.encode(), token.encode())


class _Guarded:
    """Sends an answer with what it says to browsers; the framework's own 413 becomes one of the server's."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope, self._send = scope, send
        self.started = self._replaced = False

    async def __call__(self, message: Message) -> None:
        if self._replaced:
            return
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            if message["status"] == 413 and headers.get("content-type", "").startswith("text/plain"):
                self._replaced = True
                await answer(self._scope, of_status(413))(self._scope, _nothing, self._send_headed)
                return
        await self._send_headed(message)

    async def _send_headed(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            _add_headers(message, is_open=self._scope["path"].startswith(OPEN))
        await self._send(message)


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


def _add_headers(message: MutableMapping[str, Any], *, is_open: bool) -> None:
    headers = MutableHeaders(scope=message)
    is_page = headers.get("content-type", "").startswith("text/html")
    headers["Content-Security-Policy"] = POLICY
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    # A form of a page with no-referrer is sent with the origin "null": nothing is told to other sites by either.
    headers["Referrer-Policy"] = "same-origin" if is_page else "no-referrer"
    headers["Cache-Control"] = "max-age=3600" if is_open and message["status"] == 200 else "no-store"


def _name_of(host: str) -> str:
    """The name in a header, without its port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _same_origin(method: str, headers: Headers, host: str) -> bool:
    """Whether no other site asks; a link of one that somebody followed may be opened, as it changes nothing."""
    origin = headers.get("origin")
    if origin is not None:
        return "://" in origin and urlsplit(origin).netloc.lower() == host.lower()
    followed = method == "GET" and headers.get("sec-fetch-dest") == "document"
    return followed or headers.get("sec-fetch-site", "none") in ("none", "same-origin")


def _in_query(scope: Scope) -> str:
    return (parse_qs(scope["query_string"].decode("latin-1")).get("token") or [""])[0]


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def hosts_of(names: Iterable[str]) -> frozenset[str]:
    """Names of hosts as `Access` compares them, with those of this machine for itself."""
    return frozenset({"127.0.0.1", "localhost", "::1", *(_name_of(name) or name.lower() for name in names)})
