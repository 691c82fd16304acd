"""REST: what somebody says of subjects and pictures, which is kept beside the labels."""

from typing import Annotated, Literal

from fastapi import APIRouter, File, Form, UploadFile
from pydantic import BaseModel, Field

from likeness.applications.gallery.corrections import say_content_is, say_content_is_not
from likeness.applications.serve.answers import (
    NOT_BLANK,
    CorrectionAnswer,
    SaidAnswer,
    SubjectAnswer,
    subject_answer,
)
from likeness.applications.serve.enrolment import MOST_LETTERS, whom
from likeness.applications.serve.failures import Failure
from likeness.applications.serve.galleries import ServedGallery
from likeness.applications.serve.site import ThisGallery, ThisSite, subject_of, templates_numbered
from likeness.applications.serve.uploads import limits, received

router = APIRouter(prefix="/v1/galleries/{gallery}", tags=["corrections"])

Verdict = Literal["is", "is_not"]


class Merge(BaseModel):
    """That other subjects are this one."""

    into: str = Field(description="the id of who they all are")
    others: list[str] = Field(
        description="the ids of those who become this one", min_length=1, max_length=1000
    )


class Split(BaseModel):
    """That some templates of a subject show somebody else."""

    subject: str = Field(description="the id of whose they are")
    templates: list[Annotated[int, Field(ge=1, lt=2**63)]] = Field(
        description="their numbers", min_length=1, max_length=1000
    )
    name: str = Field(
        description="who they show",
        max_length=MOST_LETTERS,
        json_schema_extra=NOT_BLANK,
    )
    id: str = Field(default="", description="to tell namesakes apart", max_length=MOST_LETTERS)


@router.post("/merges", status_code=201)
def merge(gallery: ThisGallery, merge: Merge) -> SubjectAnswer:
    """Say that subjects are one: their templates become those of one of them."""
    with gallery.opened() as store:
        into = subject_of(store, merge.into)
        others = [subject_of(store, one) for one in merge.others]
        if len({into, *others}) <= len(others):
            raise Failure(422, "invalid", "A subject is named twice: name each once.")
        store.merge(into, others)
        return subject_answer(into, len(store.templates(into)))


@router.post("/splits", status_code=201)
def split(gallery: ThisGallery, split: Split) -> SubjectAnswer:
    """Say that some templates of a subject show somebody else, whose they become."""
    return split_off(gallery, split)


def split_off(gallery: ServedGallery, split: Split) -> SubjectAnswer:
    """Do what a `Split` says.

    Raises:
        Failure: there is no such subject or template, or these are all that it has.
    """
    to = whom(split.name, split.id)
    with gallery.opened() as store:
        subject = subject_of(store, split.subject)
        chosen = templates_numbered(store, subject, split.templates)
        if len(chosen) == len(store.templates(subject)):
            raise Failure(
                422, "refused", f"These are all pictures of {subject}: rename it, or merge it with another."
            )
        other = store.split(subject, [one.image.content for one in chosen], to)
        return subject_answer(other, len(store.templates(other)))


@router.get("/corrections")
def corrections(gallery: ThisGallery) -> list[CorrectionAnswer]:
    """List what was said of pictures."""
    with gallery.opened() as store:
        return [CorrectionAnswer(**one._asdict()) for one in store.corrections()]


@router.post("/corrections", status_code=201, **limits(1)._asdict())
async def correct(
    site: ThisSite,
    gallery: ThisGallery,
    picture: Annotated[UploadFile, File(description="enrolled or not; it is not kept, only its SHA-256")],
    subject: Annotated[str, Form(description="the id of a subject", max_length=MOST_LETTERS)],
    verdict: Annotated[Verdict, Form(description="whether it is shown, or is not")],
) -> SaidAnswer:
    """Say that a picture shows a subject, or does not, so that it is, or never is, identified as it."""
    got = await received(picture)
    return await site.lane.run(said_of, gallery, got.digest, got.called, subject, verdict)


def said_of(gallery: ServedGallery, content: str, called: str, id: str, verdict: Verdict) -> SaidAnswer:
    """Keep that the image of a content, which is `called` so, shows the subject of an id, or does not."""
    say = say_content_is if verdict == "is" else say_content_is_not
    with gallery.opened() as store:
        return SaidAnswer(said=say(store, content, called, subject_of(store, id)))
