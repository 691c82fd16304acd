"""What is said of subjects and pictures, by REST and on the pages alike."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from likeness.applications.gallery.corrections import say_content_is, say_content_is_not
from likeness.applications.serve.answers import NOT_BLANK, SaidAnswer, SubjectAnswer, subject_answer
from likeness.applications.serve.enrolment import MOST_LETTERS, whom
from likeness.applications.serve.failures import Failure
from likeness.applications.serve.galleries import ServedGallery
from likeness.applications.serve.site import subject_of, templates_numbered

Verdict = Literal["is", "is_not"]


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


def said_of(gallery: ServedGallery, content: str, called: str, id: str, verdict: Verdict) -> SaidAnswer:
    """Keep that the image of a content, which is `called` so, shows the subject of an id, or does not."""
    say = say_content_is if verdict == "is" else say_content_is_not
    with gallery.opened() as store:
        return SaidAnswer(said=say(store, content, called, subject_of(store, id)))
