"""REST: what somebody says of subjects and pictures, which is kept beside the labels."""

from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile
from pydantic import BaseModel, Field

from likeness.applications.serve.answers import CorrectionAnswer, SaidAnswer, SubjectAnswer, subject_answer
from likeness.applications.serve.enrolment import MOST_LETTERS
from likeness.applications.serve.failures import Failure
from likeness.applications.serve.sayings import Split, Verdict, said_of, split_off
from likeness.applications.serve.site import ThisGallery, ThisSite, subject_of
from likeness.applications.serve.uploads import limits, received

router = APIRouter(prefix="/v1/galleries/{gallery}", tags=["corrections"])


class Merge(BaseModel):
    """That other subjects are this one."""

    into: str = Field(description="the id of who they all are")
    others: list[str] = Field(
        description="the ids of those who become this one", min_length=1, max_length=1000
    )


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
