"""The images that a command writes into a folder, and the list by which a later run of it knows them as its own."""

import csv
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from torch import Tensor

from likeness.applications.growing_file import GrowingFile, csv_text
from likeness.data.image_as_shown import write_image
from likeness.errors import LikenessError
from likeness.runs.record.folder import make_folder

COLUMNS = ("written", "photograph", "sha256")


class WrittenImages:
    """What a command writes into `folder`, listed in its file `name`: the image, of which photograph, and its hash.

    Args:
        folder: is there.
        name: of the list, another one for each command.
        force: whether files that are there may be overwritten. Then those of an earlier list go first; others stay,
            and so does what was changed since.

    Raises:
        LikenessError: a file can't be removed or written.
    """

    def __init__(self, folder: Path, name: str, *, force: bool) -> None:
        self.folder, self.force = folder, force
        if force:
            _remove_listed(folder, folder / name)
        self._list = GrowingFile(folder / name, csv_text([COLUMNS]))

    def write(self, below: Path, image: Tensor, photograph: Path | str = "") -> None:
        """Write `image`, uint8 `[3, H, W]`, to the path `below` the folder.

        Raises:
            LikenessError: it can't be written.
        """
        path = self.folder / below
        make_folder(path.parent, "-o")
        write_image(path, image, force=self.force)
        self._list.add(csv_text([(below.as_posix(), photograph, _hash(path))]))


def _remove_listed(folder: Path, listed: Path) -> None:
    """Remove the files below `folder` that are as they were listed, and what folders are empty then."""
    if not listed.is_file():
        return
    with listed.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        rows = [(row.get("written"), row.get("sha256")) for row in csv.DictReader(file)]
    whole = folder.resolve()
    for below, digest in rows:
        path = folder / (below or "")
        # A list may have been changed: it names nothing outside the folder.
        if path.is_symlink() or not path.is_file() or whole not in path.resolve().parents:
            continue
        try:
            if _hash(path) == digest:
                path.unlink()
        except OSError as error:
            raise LikenessError(
                f"{path} can't be removed ({error.strerror}): give -o another folder."
            ) from error
        with suppress(OSError):  # one that holds something else stays
            for parent in path.parents:
                if parent == folder:
                    break
                parent.rmdir()


def _hash(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
