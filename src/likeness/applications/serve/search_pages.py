"""Pages: who is it, and is it the same person?"""

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, UploadFile
from starlette.responses import Response

from likeness.applications.gallery.store import Subject
from likeness.applications.serve.answers import VerifiedAnswer, verified_answer
from likeness.applications.serve.failures import Failure
from likeness.applications.serve.galleries import ServedGallery
from likeness.applications.serve.searches import Found, claimed, compared, identified
from likeness.applications.serve.shown import (
    first_templates,
    names_in,
    percent_of,
    pictures_of,
    said_of,
    shown,
    usual_rate,
)
from likeness.applications.serve.site import Site, ThisGallery, ThisSite
from likeness.applications.serve.thumbnails import address_of
from likeness.applications.serve.uploads import SEARCHED, limits
from likeness.errors import LikenessError

router = APIRouter(prefix="/g/{gallery}")

MOST_TOP = 20


@router.get("/identify")
def identify_form(site: ThisSite, gallery: ThisGallery) -> Response:
    """Ask for pictures."""
    return _identify_page(site, gallery, f"{100 * usual_rate(gallery):g}", "5")


@router.post("/identify", **limits(SEARCHED)._asdict())
async def identify(
    site: ThisSite,
    gallery: ThisGallery,
    pictures: Annotated[list[UploadFile], File()],
    fpir: Annotated[str, Form()] = "1",
    top: Annotated[str, Form()] = "5",
) -> Response:
    """Say who they show."""
    try:
        rate, most = percent_of(fpir), _top(top)
        got = await pictures_of(pictures)
        found: Found = await site.lane.run(identified, gallery, got, fpir=rate, top=most)
        candidates = {one.subject for probe in found.identification.probes for one in probe.candidates}
        first = await site.lane.run(_first, gallery, candidates)
        address = {one.digest: await site.lane.run(address_of, one) for one in got}
    except (LikenessError, Failure) as error:
        return _identify_page(site, gallery, fpir, top, error=said_of(error), status=422)
    return _identify_page(
        site,
        gallery,
        fpir,
        top,
        found=found.identification,
        small=[address[probe.image.content] for probe in found.identification.probes],
        first=first,
        told=[*found.told.unreadable, *found.told.notes],
    )


@router.get("/verify")
def verify_form(site: ThisSite, gallery: ThisGallery) -> Response:
    """Ask for a picture, and another or a claim."""
    return _verify_page(site, gallery, names_in(gallery), "1", "")


@router.post("/verify", **limits(2)._asdict())
async def verify(
    site: ThisSite,
    gallery: ThisGallery,
    picture: Annotated[UploadFile, File()],
    second: Annotated[UploadFile | None, File()] = None,
    claim: Annotated[str, Form()] = "",
    far: Annotated[str, Form()] = "1",
) -> Response:
    """Say whether it is one person."""
    known = await site.lane.run(names_in, gallery)
    claim = claim.strip()
    try:
        rate = percent_of(far)
        several = second is not None and bool(second.filename)
        if several == bool(claim):
            raise Failure(422, "invalid", "Give either a second picture or somebody's name or id.")
        got = await pictures_of([picture, *([second] if several and second is not None else [])])
        if several:
            decided = await site.lane.run(compared, gallery, got[0], got[1], far=rate)
        else:
            decided = await site.lane.run(claimed, gallery, got[0], claim, far=rate)
        small = [await site.lane.run(address_of, one) for one in got]
    except (LikenessError, Failure) as error:
        return _verify_page(site, gallery, known, far, claim, error=said_of(error), status=422)
    return _verify_page(site, gallery, known, far, claim, found=verified_answer(*decided), small=small)


def _top(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_TOP:
        raise Failure(422, "invalid", f"From 1 to {MOST_TOP} of the nearest subjects can be shown.")
    return int(text)


def _first(gallery: ServedGallery, subjects: set[Subject]) -> dict[int, int]:
    with gallery.opened() as store:
        return first_templates(store, subjects)


def _identify_page(
    site: Site, gallery: ServedGallery, fpir: str, top: str, *, status: int = 200, **values: Any
) -> Response:
    least = f"{100 / (gallery.strangers + 1):.2g}"
    given = {"found": None, "small": [], "first": {}, "told": [], "error": None, **values}
    return shown(
        site, "identify.html", "identify", gallery, status=status, fpir=fpir, top=top, least=least, **given
    )


def _verify_page(
    site: Site,
    gallery: ServedGallery,
    known: list[str],
    far: str,
    claim: str,
    *,
    found: VerifiedAnswer | None = None,
    small: list[str] | None = None,
    error: str | None = None,
    status: int = 200,
) -> Response:
    given: dict[str, Any] = {"known": known, "far": far, "claim": claim, "found": found, "small": small or []}
    return shown(site, "verify.html", "verify", gallery, status=status, error=error, **given)
