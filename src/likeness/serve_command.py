"""What `likeness serve` does; a mistake ends in one sentence."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from likeness.config.own_modules import look_for_modules_in
from likeness.errors import LikenessError, one_sentence


class Served(NamedTuple):
    """Galleries as a command line names them, with where their encoder is now, and what is beside them."""

    galleries: Sequence[str]
    run: Path | None
    trust: Sequence[str]
    detector: str | None
    weights: Path | None
    pictures: Path | None
    stylizer: Path | None


class Place(NamedTuple):
    """Where to serve, and who may come in; as `likeness serve --help` says."""

    host: str
    port: int | None
    allowed_hosts: Sequence[str]
    token: bool
    token_file: Path | None
    browser: bool


def serve_from_command_line(wanted: Served, place: Place) -> None:
    """Serve galleries until it is interrupted."""
    with one_sentence():
        look_for_modules_in(Path.cwd())
        for package in ("fastapi", "python_multipart", "uvicorn"):
            if find_spec(package) is None:
                raise LikenessError(
                    f"The page needs {package}, which is not installed: pip install 'likeness[serve]'."
                )
        from likeness.applications.gallery.named_finder import named_finder
        from likeness.applications.serve.galleries import served
        from likeness.applications.serve.jobs import Jobs
        from likeness.applications.serve.lane import Lane
        from likeness.applications.serve.painting import painter_of
        from likeness.applications.serve.server import Address, refuse_open, serve
        from likeness.applications.serve.site import Site

        address = Address(place.host, place.port, place.allowed_hosts, place.token, place.token_file)
        refuse_open(address)
        painter = painter_of(wanted.stylizer)
        finder = named_finder(wanted.detector, wanted.weights)
        galleries = served(wanted.galleries, wanted.run, wanted.trust, finder, wanted.pictures)
        serve(Site(galleries, Jobs(), Lane(), painter), address, browser=place.browser)
