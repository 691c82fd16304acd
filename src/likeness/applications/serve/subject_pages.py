"""Pages: who is enrolled, and what is said of them."""

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, File, Form, Path, Query, UploadFile
from starlette.responses import RedirectResponse, Response

from likeness.applications.gallery.store import Subject
from likeness.applications.serve.enrolment import removed, whom
from likeness.applications.serve.failures import Failure
from likeness.applications.serve.galleries import ServedGallery
from likeness.applications.serve.sayings import Split, Verdict, said_of, split_off
from likeness.applications.serve.shown import DONE, MOST_NAMES, Shown, gone_to, pictures_of, shown
from likeness.applications.serve.shown import said_of as said_of_error
from likeness.applications.serve.site import (
    Site,
    ThisGallery,
    ThisSite,
    subject_numbered,
    templates_numbered,
)
from likeness.applications.serve.thumbnails import of_enrolled
from likeness.applications.serve.uploads import limits
from likeness.errors import LikenessError

router = APIRouter(prefix="/g/{gallery}")

ON_A_PAGE, TO_NAME = 48, 12
_MOST = 2**63 - 1
Number = Annotated[int, Path(ge=1, le=_MOST)]
Given = Annotated[str, Form(max_length=1000)]
Numbers = Annotated[list[int], Form(default_factory=list)]


@router.get("/subjects")
def subjects(
    site: ThisSite,
    gallery: ThisGallery,
    q: str = "",
    naming: str = "",
    offset: Annotated[int, Query(ge=0, le=_MOST)] = 0,
    done: str = "",
) -> Response:
    """Show who is enrolled."""
    return _subjects_page(site, gallery, q, naming=naming == "yes", offset=offset, done=done)


@router.get("/subjects/{number}")
def subject(site: ThisSite, gallery: ThisGallery, number: Number, done: str = "") -> Response:
    """Show a subject, and what can be said of it."""
    return _subject_page(site, gallery, number, done=done)


@router.get("/pictures/{number}/{template}")
def picture(gallery: ThisGallery, number: Number, template: Number) -> Response:
    """Show a small copy of a template's picture, or that it is gone."""
    with gallery.opened() as store:
        (found,) = templates_numbered(store, Subject(number, "", ""), [template])
    content = of_enrolled(found.image, gallery.pictures)
    if content is None:
        return RedirectResponse("/static/placeholder.svg", 302)
    return Response(content, media_type="image/jpeg")


@router.post("/subjects/{number}/rename")
def rename(
    site: ThisSite,
    gallery: ThisGallery,
    number: Number,
    name: Given = "",
    back: Given = "",
    offset: Annotated[int, Form(ge=0, le=_MOST)] = 0,
) -> Response:
    """Give a subject another name."""
    try:
        new = whom(name, None).name
        with gallery.opened() as store:
            store.rename(subject_numbered(store, number)[0], new)
            same = sum(one.name == new for one, _ in store.subjects())
    except (LikenessError, Failure) as error:
        return _subject_page(site, gallery, number, error=error)
    if back == "naming" and same == 1:
        return gone_to(f"/g/{gallery.id}/subjects?naming=yes&offset={offset}&done=renamed#s{number}")
    return gone_to(f"/g/{gallery.id}/subjects/{number}?done=renamed")


@router.post("/merge")
def merge_chosen(site: ThisSite, gallery: ThisGallery, subject: Numbers) -> Response:
    """Make the chosen subjects one, which is the first that was enrolled."""
    try:
        into = _merged(gallery, sorted(set(subject)))
    except (LikenessError, Failure) as error:
        return _subjects_page(site, gallery, "", error=error)
    return gone_to(f"/g/{gallery.id}/subjects/{into.number}?done=merged")


@router.post("/subjects/{number}/merge")
def merge(
    site: ThisSite,
    gallery: ThisGallery,
    number: Number,
    subject: Numbers,
    named: Given = "",
) -> Response:
    """Make others one with a subject: by their numbers, or one by a name or an id."""
    try:
        others = list(subject)
        if named.strip():
            with gallery.opened() as store:
                others.append(store.subject(named.strip()).number)
        _merged(gallery, [number, *others])
    except (LikenessError, Failure) as error:
        return _subject_page(site, gallery, number, error=error)
    return gone_to(f"/g/{gallery.id}/subjects/{number}?done=merged")


@router.post("/subjects/{number}/split")
def split(
    site: ThisSite,
    gallery: ThisGallery,
    number: Number,
    template: Numbers,
    name: Given = "",
    id: Given = "",
) -> Response:
    """Give the chosen pictures to somebody else."""
    try:
        _refuse_none(template)
        with gallery.opened() as store:
            own, _ = subject_numbered(store, number)
        split_off(gallery, Split(subject=own.id, templates=template, name=whom(name, id).name, id=id.strip()))
    except (LikenessError, Failure) as error:
        return _subject_page(site, gallery, number, error=error)
    return gone_to(f"/g/{gallery.id}/subjects/{number}?done=split")


@router.post("/subjects/{number}/remove-pictures")
def remove_pictures(
    site: ThisSite,
    gallery: ThisGallery,
    number: Number,
    template: Numbers,
) -> Response:
    """Remove the chosen pictures of a subject; the form's other fields are of another button."""
    try:
        _refuse_none(template)
        with gallery.opened() as store:
            own, _ = subject_numbered(store, number)
            removed(gallery, store, own, templates_numbered(store, own, template))
    except (LikenessError, Failure) as error:
        return _subject_page(site, gallery, number, error=error)
    return gone_to(f"/g/{gallery.id}/subjects/{number}?done=pictures-removed")


@router.post("/subjects/{number}/remove")
def remove(site: ThisSite, gallery: ThisGallery, number: Number, sure: Given = "") -> Response:
    """Remove a subject."""
    try:
        if sure != "yes":
            raise Failure(422, "invalid", "Tick that you are sure.")
        with gallery.opened() as store:
            removed(gallery, store, subject_numbered(store, number)[0])
    except (LikenessError, Failure) as error:
        return _subject_page(site, gallery, number, error=error)
    return gone_to(f"/g/{gallery.id}/subjects?done=removed")


@router.post("/corrections", **limits(1)._asdict())
async def correct(
    site: ThisSite,
    gallery: ThisGallery,
    subject: Annotated[int, Form(ge=1, le=_MOST)],
    verdict: Annotated[Verdict, Form()],
    content: Annotated[str, Form(pattern="^[0-9a-f]{64}$|^$")] = "",
    picture: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Keep that a picture shows a subject or does not: one that is sent, or one that was searched for."""
    called = "The picture"
    try:
        if not content:
            (got,) = await pictures_of([] if picture is None else [picture])
            content, called = got.digest, got.called
        await site.lane.run(_say, gallery, content, called, subject, verdict)
    except (LikenessError, Failure) as error:
        return await site.lane.run(_subject_page, site, gallery, subject, error=error)
    return gone_to(f"/g/{gallery.id}/subjects/{subject}?done={quote(verdict)}")


def _refuse_none(templates: Sequence[int]) -> None:
    if not templates:
        raise Failure(422, "invalid", "Choose pictures first.")


def _say(gallery: ServedGallery, content: str, called: str, number: int, verdict: Verdict) -> None:
    with gallery.opened() as store:
        subject, _ = subject_numbered(store, number)
    said_of(gallery, content, called, subject.id, verdict)


def _merged(gallery: ServedGallery, numbers: Sequence[int]) -> Subject:
    """Merge the subjects of these numbers into the first."""
    if len(set(numbers)) < 2:
        raise Failure(422, "invalid", "Choose two or more different subjects.")
    with gallery.opened() as store:
        into, *others = [subject_numbered(store, number)[0] for number in dict.fromkeys(numbers)]
        store.merge(into, others)
    return into


def _subjects_page(
    site: Site,
    gallery: ServedGallery,
    q: str,
    *,
    naming: bool = False,
    offset: int = 0,
    done: str = "",
    error: LikenessError | Failure | None = None,
) -> Response:
    size = TO_NAME if naming else ON_A_PAGE
    with gallery.opened() as store:
        found = [
            (one, count)
            for one, count in store.subjects()
            if q.casefold() in f"{one.name}\n{one.id}".casefold()
        ]
        some = [Shown(*one, store.templates(one[0])[:5]) for one in found[offset : offset + size]]
    values: dict[str, Any] = {"q": q, "naming": naming, "offset": offset, "size": size, "total": len(found)}
    return shown(
        site,
        "subjects.html",
        "subjects",
        gallery,
        status=200 if error is None else 422,
        shown=some,
        done=DONE.get(done),
        error=None if error is None else said_of_error(error),
        **values,
    )


def _subject_page(
    site: Site,
    gallery: ServedGallery,
    number: int,
    *,
    done: str = "",
    error: LikenessError | Failure | None = None,
) -> Response:
    with gallery.opened() as store:
        own, _ = subject_numbered(store, number)
        others = [one for one, _ in store.subjects() if one != own]
        templates = store.templates(own)
    return shown(
        site,
        "subject.html",
        "subjects",
        gallery,
        status=200 if error is None else 422,
        subject=own,
        templates=templates,
        namesakes=[one for one in others if one.name == own.name],
        known=list(dict.fromkeys(one.name for one in others))[:MOST_NAMES],
        done=DONE.get(done),
        error=None if error is None else said_of_error(error),
    )
