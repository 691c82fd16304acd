"""Pictures that came without a file of their own: kept in a folder, named by their content, as long as a gallery has
templates of them.
"""

import os
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import Lock

from likeness.applications.gallery.store import Image, Store
from likeness.errors import LikenessError

MARK = "KEPT.txt"
_SAID = "Pictures of a gallery, named by their content. Each is removed with the last template made of it.\n"
LONG_AGO = 3600.0  # seconds: a picture that is younger may be of an enrolment under way


class KeptPictures:
    """A folder of pictures, which its owner alone may read; several threads may use it.

    Args:
        folder: made when the first picture is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = Lock()
        self._wanted: Counter[str] = Counter()

    def keep(self, content: bytes, digest: str, suffix: str) -> Path:
        """The file of a picture, written to the disk where it is not there; `settle` has to follow.

        Raises:
            LikenessError: it can't be written.
        """
        file = self.folder / f"{digest}{suffix}"
        with self._lock:
            self._wanted[digest] += 1
            try:
                if not file.exists():
                    self.make()
                    _write(file, content)
            except OSError as error:
                raise LikenessError(
                    f"The picture can't be kept in {self.folder} ({error.strerror}): make room, or allow writing there."
                ) from error
        return file.resolve()

    def settle(self, store: Store, digests: Sequence[str]) -> None:
        """Remove those of these pictures, each kept once before, that the gallery has no template of."""
        held = _held(store, digests)
        with self._lock:
            for digest in digests:
                self._wanted[digest] -= 1
                if self._wanted[digest] <= 0:
                    del self._wanted[digest]
                    if digest not in held:
                        self._unlink(digest)

    def sweep(self, store: Store) -> None:
        """Remove the pictures that an enrolment left which was killed."""
        old = [
            file.stem
            for file in (self.folder.iterdir() if is_kept_folder(self.folder) else ())
            if file.is_file() and file.name != MARK and time.time() - file.stat().st_mtime > LONG_AGO
        ]
        held = _held(store, old)
        with self._lock:
            for digest in old:
                if digest not in held and not self._wanted[digest]:
                    self._unlink(digest)

    def find(self, image: Image) -> Path | None:
        """Where a picture is kept, also where the folder was moved; None for a file of somebody's own."""
        file = self.folder / Path(image.file).name
        return file if file.stem == image.content and file.is_file() else None

    def make(self) -> None:
        """Make the folder where it is not there.

        Raises:
            LikenessError: it holds other files.
            OSError: it can't be made.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not is_kept_folder(self.folder):
            if any(self.folder.iterdir()):
                raise LikenessError(f"{self.folder} holds other files: name another folder with --pictures.")
            _write(self.folder / MARK, _SAID.encode())

    def _unlink(self, digest: str) -> None:
        for file in self.folder.glob(f"{digest}.*"):
            file.unlink(missing_ok=True)


def is_kept_folder(folder: Path) -> bool:
    """Whether pictures are kept in a folder."""
    return (folder / MARK).is_file()


def folder_beside(gallery: Path) -> Path:
    """Where the pictures of a gallery's file are kept, unless somebody says otherwise."""
    return gallery.with_name(f"{gallery.name}.pictures")


def forget(images: Iterable[Image], folder: Path | None) -> int:
    """Remove the kept pictures of templates that were removed, where they lay when they were kept or in `folder`, if
    there is one.

    Files of somebody's own stay. Returns how many went.
    """
    gone = 0
    for image in images:
        file = Path(image.file)
        for place in (
            {file, file if folder is None else folder / file.name} if file.stem == image.content else ()
        ):
            if place.is_file() and is_kept_folder(place.parent):
                place.unlink(missing_ok=True)
                gone += 1
    return gone


def _held(store: Store, digests: Sequence[str]) -> set[str]:
    """Those of pictures, kept or not, that the gallery has a template of a kept file of."""
    subjects = {one for one in store.holders(list(digests)).values() if one is not None}
    images = [template.image for subject in subjects for template in store.templates(subject)]
    return {image.content for image in images if Path(image.file).stem == image.content}


def _write(file: Path, content: bytes) -> None:
    """Whole or not at all, to the disk, readable by its owner alone."""
    beside = file.with_name(f".{file.name}.{os.getpid()}.partial")
    try:
        with open(os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(beside, file)
    finally:
        beside.unlink(missing_ok=True)
