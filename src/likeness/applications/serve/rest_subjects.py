"""REST: who is enrolled in a gallery, and their templates."""

from typing import Annotated

from fastapi import APIRouter, File, Form, Path, Query, Response, UploadFile
from pydantic import BaseModel, Field

from likeness.applications.gallery.store import Whom
from likeness.applications.serve.answers import (
    NOT_BLANK,
    EnrolmentAnswer,
    JobAnswer,
    RemovedAnswer,
    SubjectAnswer,
    SubjectsAnswer,
    TemplateAnswer,
    enrolment_answer,
    subject_answer,
    template_answer,
    templates_below,
)
from likeness.applications.serve.enrolment import MOST_LETTERS, by_folder, enrolled, removed, whom
from likeness.applications.serve.failures import missing
from likeness.applications.serve.galleries import ServedGallery
from likeness.applications.serve.jobs import Advance, Job, Made
from likeness.applications.serve.site import Site, ThisGallery, ThisSite, subject_of, templates_numbered
from likeness.applications.serve.thumbnails import of_enrolled
from likeness.applications.serve.uploads import ENROLLED, SEARCHED, Picture, limits, received

router = APIRouter(prefix="/v1/galleries/{gallery}", tags=["subjects"])

MOST_SHOWN = 1000
_AT_ONCE = limits(SEARCHED)._asdict()
IN_A_JOB = limits(ENROLLED, 200 * 2**20)._asdict()

Named = Annotated[str, Path(description="the id of a subject")]
Number = Annotated[int, Path(description="the number of a template", ge=1, lt=2**63)]
Pictures = Annotated[list[UploadFile], File(description="of one subject", min_length=1, max_length=SEARCHED)]
ManyPictures = Annotated[list[UploadFile], File(min_length=1, max_length=ENROLLED)]
Name = Annotated[
    str, Form(description="who the pictures show", max_length=MOST_LETTERS, json_schema_extra=NOT_BLANK)
]
Id = Annotated[
    str,
    Form(description="to tell namesakes apart; blank: the only one of that name", max_length=MOST_LETTERS),
]


class NewName(BaseModel):
    """What a subject is called from now on."""

    name: str = Field(max_length=MOST_LETTERS, json_schema_extra=NOT_BLANK)


@router.get("/subjects")
def subjects(
    gallery: ThisGallery,
    q: Annotated[str, Query(description="a part of a name or an id")] = "",
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_SHOWN)] = 100,
) -> SubjectsAnswer:
    """List who is enrolled."""
    with gallery.opened() as store:
        found = [subject_answer(*one) for one in store.subjects()]
    wanted = [one for one in found if q.casefold() in f"{one.name}\n{one.id}".casefold()]
    return SubjectsAnswer(total=len(wanted), subjects=wanted[offset : offset + limit])


@router.post("/subjects", status_code=201, **_AT_ONCE)
async def create_subject(
    site: ThisSite, gallery: ThisGallery, name: Name, pictures: Pictures, id: Id = ""
) -> EnrolmentAnswer:
    """Enrol pictures of somebody; an image that is enrolled already stays one template."""
    return await _enrolled(site, gallery, whom(name, id), [await received(one) for one in pictures])


@router.post("/enrolments", status_code=202, tags=["jobs"], **IN_A_JOB)
async def enrol_many(
    site: ThisSite,
    gallery: ThisGallery,
    pictures: ManyPictures,
    name: Annotated[str, Form(max_length=MOST_LETTERS)] = "",
    id: Id = "",
) -> JobAnswer:
    """Enrol many pictures, as a job: of one subject, or without a name of whom the last folder of each names."""
    got = [await received(one) for one in pictures]
    return enrolment_job(site, gallery, got, name, id).answer()


@router.get("/subjects/{subject}")
def subject(gallery: ThisGallery, subject: Named) -> SubjectAnswer:
    """Show a subject."""
    with gallery.opened() as store:
        found = subject_of(store, subject)
        return subject_answer(found, len(store.templates(found)))


@router.patch("/subjects/{subject}")
def rename_subject(gallery: ThisGallery, subject: Named, new: NewName) -> SubjectAnswer:
    """Give a subject another name."""
    name = whom(new.name, None).name
    with gallery.opened() as store:
        found = subject_of(store, subject)
        store.rename(found, name)
        return subject_answer(found._replace(name=name), len(store.templates(found)))


@router.delete("/subjects/{subject}")
def delete_subject(gallery: ThisGallery, subject: Named) -> RemovedAnswer:
    """Remove a subject, so that no byte of its encodings is left in the gallery's file, and its kept pictures."""
    with gallery.opened() as store:
        return RemovedAnswer(templates=len(removed(gallery, store, subject_of(store, subject))), subject=True)


@router.get("/subjects/{subject}/templates")
def templates(gallery: ThisGallery, subject: Named) -> list[TemplateAnswer]:
    """List a subject's templates."""
    with gallery.opened() as store:
        found = subject_of(store, subject)
        below = templates_below(gallery.id, found)
        return [template_answer(one, below) for one in store.templates(found)]


@router.post("/subjects/{subject}/templates", status_code=201, **_AT_ONCE)
async def add_templates(
    site: ThisSite, gallery: ThisGallery, subject: Named, pictures: Pictures
) -> EnrolmentAnswer:
    """Enrol more pictures of a subject."""
    got = [await received(one) for one in pictures]
    return await _enrolled(site, gallery, await site.lane.run(_whom, gallery, subject), got)


@router.delete("/subjects/{subject}/templates/{number}")
def delete_template(gallery: ThisGallery, subject: Named, number: Number) -> RemovedAnswer:
    """Remove a template of a subject, who stays."""
    with gallery.opened() as store:
        found = subject_of(store, subject)
        gone = removed(gallery, store, found, templates_numbered(store, found, [number]))
        return RemovedAnswer(templates=len(gone), subject=False)


@router.get(
    "/subjects/{subject}/templates/{number}/picture",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}},
)
def picture(gallery: ThisGallery, subject: Named, number: Number) -> Response:
    """Show a small copy of an enrolled picture, where its file is still what was enrolled."""
    with gallery.opened() as store:
        (template,) = templates_numbered(store, subject_of(store, subject), [number])
    content = of_enrolled(template.image, gallery.pictures)
    if content is None:
        raise missing("The picture of this template is gone, or was changed.")
    return Response(content, media_type="image/jpeg")


def enrolment_job(site: Site, gallery: ServedGallery, pictures: list[Picture], name: str, id: str) -> Job:
    """Begin to enrol pictures of one subject, or without a name of those that their folders name.

    Raises:
        Failure: nothing says who is shown, or too much is waiting.
    """
    wanted = [(whom(name, id), pictures)] if name.strip() else by_folder(pictures)

    def work(advance: Advance) -> Made:
        return Made(enrolment=enrolment_answer(*enrolled(gallery, wanted, advance)))

    return site.jobs.start("enrolment", gallery.id, len(pictures), work)


async def _enrolled(
    site: ThisSite, gallery: ThisGallery, subject: Whom, pictures: list[Picture]
) -> EnrolmentAnswer:
    done = await site.lane.run(enrolled, gallery, [(subject, pictures)])
    return enrolment_answer(*done)


def _whom(gallery: ServedGallery, id: str) -> Whom:
    with gallery.opened() as store:
        found = subject_of(store, id)
    return Whom(found.name, found.id)
