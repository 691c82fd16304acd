"""The images of a gallery that a command line names: by the number of a template, or by a file, known by its bytes."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from likeness.applications.gallery.store import Store, Subject
from likeness.data.reading import reading
from likeness.errors import LikenessError


def content_of(file: Path) -> str:
    """The SHA-256 of a file's bytes.

    Raises:
        FileError: the file system doesn't give them.
    """
    with reading(file):
        return sha256(file.read_bytes()).hexdigest()


def contents_of(store: Store, subject: Subject, named: Sequence[str]) -> list[str]:
    """The contents of a subject's images, by the numbers of their templates or by files.

    Raises:
        LikenessError: one is not the subject's.
    """
    templates = store.templates(subject)
    by_number = {str(one.number): one.image.content for one in templates}
    own = set(by_number.values())
    found = []
    for word in named:
        if word.isdecimal() and word not in by_number and not Path(word).exists():
            raise LikenessError(
                f"{word} is the number of no template of {subject}: likeness gallery show lists those that there are."
            )
        content = by_number.get(word) or content_of(Path(word))
        if content not in own:
            raise LikenessError(
                f"{word} is no image of {subject}: likeness gallery show lists those that are."
            )
        found.append(content)
    return found
