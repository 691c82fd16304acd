"""Serve a site on a port of this machine, until it is interrupted."""

import logging
import secrets
import socket
import webbrowser
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import uvicorn

from likeness.applications.serve.app import make_app
from likeness.applications.serve.gate import Access, hosts_of
from likeness.applications.serve.site import Site
from likeness.errors import LikenessError

PORT = 8765
_PORTS = 20
"""So many ports are tried where none was asked for."""

_MOST_AT_ONCE = 200
_SHORTEST_TOKEN = 16


class Address(NamedTuple):
    """Where to serve: `port` None for the first free one; names by which others ask, and whether a token is needed.

    `token_file` holds the token, by default a new one is drawn.
    """

    host: str
    port: int | None
    allowed_hosts: Sequence[str]
    needs_token: bool
    token_file: Path | None


def serve(site: Site, address: Address, *, browser: bool) -> None:
    """Serve until Ctrl-C or SIGTERM; the first line that is printed is the address with the token.

    Raises:
        LikenessError: the port is taken, or others could come in without a token or by any name.
    """
    listening = _listening(address)
    port = listening.getsockname()[1]
    token = _token(address)
    access = Access(hosts_of(address.allowed_hosts), token, f"likeness_{port}")
    name = address.allowed_hosts[0] if address.allowed_hosts else address.host
    shown = f"[{name}]" if ":" in name else name
    place = f"http://{shown}:{port}/" + ("" if token is None else f"?token={token}")
    logging.getLogger("likeness.serve").setLevel(logging.WARNING)
    config = uvicorn.Config(
        make_app(site, access),
        log_level="warning",
        access_log=False,  # an address may hold a name
        server_header=False,
        limit_concurrency=_MOST_AT_ONCE,
        timeout_graceful_shutdown=5,
        ws="none",
    )
    print(f"{', '.join(site.galleries)}: {place} (Ctrl-C ends it)", flush=True)
    if browser:
        webbrowser.open(place)
    uvicorn.Server(config).run(sockets=[listening])


def refuse_open(address: Address) -> None:
    """Raise a `LikenessError` where others could come in without a token, or by any name."""
    if _is_this_machine(address.host):
        return
    if not address.needs_token:
        raise LikenessError(f"--no-token lets everybody in who reaches {address.host}: leave it out.")
    if not address.allowed_hosts:
        raise LikenessError(
            f"On {address.host} others can ask: say with --allowed-host by which name, such as "
            f"--allowed-host {socket.gethostname()}."
        )


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listening(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    ports = range(PORT, PORT + _PORTS) if address.port is None else [address.port]
    for port in ports:
        listening = socket.socket(family)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((address.host, port))
        except OSError as error:
            listening.close()
            reason = error.strerror
        else:
            return listening
    raise LikenessError(
        f"{address.host}, port {', '.join(map(str, ports))}, can't be served ({reason}): choose another by --port."
    )


def _token(address: Address) -> str | None:
    if not address.needs_token:
        return None
    if address.token_file is None:
        return secrets.token_urlsafe(32)
    try:
        token = address.token_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise LikenessError(f"The token can't be read from {address.token_file} ({error}).") from error
    if len(token) < _SHORTEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise LikenessError(
            f"{address.token_file} holds no token of at least {_SHORTEST_TOKEN} letters without a space: make one "
            "with openssl rand -hex 32."
        )
    return token
