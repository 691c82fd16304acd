"""What somebody says of an image, that it is somebody or is not; how that is kept is written in `correction_rows`."""

from pathlib import Path

from likeness.applications.gallery.named_images import content_of
from likeness.applications.gallery.store import Image, Store, Subject


def say_is(store: Store, file: Path, subject: Subject) -> str:
    """That an image is of a subject: where it is enrolled as another's it becomes this one's; returns what was done.

    Raises:
        LikenessError: it is the cohort's, the subject has no other template, or it is the only one of another.
    """
    return say_content_is(store, content_of(file), str(file), subject)


def say_content_is(store: Store, content: str, called: str, subject: Subject) -> str:
    """As `say_is`, of the image of this content, which is `called` so in a message."""
    before = store.say_is(Image(content, called), subject)
    if before is not None and before.number == subject.number:
        return f"{called} is an image of {subject} already"
    return f"{called} is of {subject}" + ("" if before is None else f", and no longer of {before}")


def say_is_not(store: Store, file: Path, subject: Subject) -> str:
    """That an image is not of a subject, so that it is never identified as it; returns what was done.

    Raises:
        LikenessError: it is enrolled as this subject's, or the subject has no template.
    """
    return say_content_is_not(store, content_of(file), str(file), subject)


def say_content_is_not(store: Store, content: str, called: str, subject: Subject) -> str:
    """As `say_is_not`, of the image of this content, which is `called` so in a message."""
    store.say_is_not(Image(content, called), subject)
    return f"{called} is not of {subject}"
