"""Strangers' pictures, in a folder among a gallery's kept pictures: a cohort that the commands can read too."""

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from secrets import token_hex

from likeness.applications.gallery.kept_pictures import LONG_AGO, KeptPictures
from likeness.applications.serve.failures import Failure
from likeness.applications.serve.uploads import Picture
from likeness.errors import LikenessError, mend_of

_BEGINNING = "strangers-"


def new_folder(kept: KeptPictures) -> Path:
    """Where strangers can be kept.

    Raises:
        LikenessError: it can't be made.
    """
    try:
        kept.make()
    except OSError as error:
        raise LikenessError(
            f"{kept.folder} can't be made ({error.strerror}): allow writing there."
        ) from error
    return kept.folder.resolve() / f"{_BEGINNING}{token_hex(8)}"


def keep(folder: Path, name: str, pictures: Sequence[Picture]) -> dict[str, str]:
    """Write a stranger's pictures into a folder of theirs; what each is called, by its file.

    Raises:
        Failure: the name can't be a folder's.
        LikenessError: they can't be written.
    """
    if name.startswith("."):
        raise Failure(422, "invalid", "A stranger's name may not begin with a point: rename the folder.")
    place = folder / name
    called = {}
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        place.mkdir(mode=0o700)
        for picture in pictures:
            file = place / f"{picture.digest}{picture.suffix}"
            file.write_bytes(picture.content)
            called[str(file)] = f"{name}/{picture.called}"
    except OSError as error:
        raise LikenessError(
            f"The pictures of {name} can't be kept ({error.strerror}): {mend_of(error)}."
        ) from error
    return called


def forget(kept: KeptPictures, cohort_from: str) -> None:
    """Remove the folder that a cohort came from, where it is one of these; one of somebody's own stays."""
    folder = Path(cohort_from)
    if folder.name.startswith(_BEGINNING) and folder.parent == kept.folder.resolve():
        shutil.rmtree(folder, ignore_errors=True)


def sweep(kept: KeptPictures, cohort_from: str) -> None:
    """Remove what was left by a server that was killed, or that another cohort has taken the place of."""
    for folder in kept.folder.glob(f"{_BEGINNING}*"):
        if str(folder.resolve()) != cohort_from and time.time() - folder.stat().st_mtime > LONG_AGO:
            forget(kept, str(folder.resolve()))
