"""The photographs that a command line names, and the folder that something about each is written to."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from torch import Tensor

from likeness.data.found_images import LeftOut, images_in
from likeness.data.image_as_shown import FORMATS, log_notes, read_image
from likeness.errors import FileError, LikenessError, UnreadableImage

if TYPE_CHECKING:
    from likeness.models.detectors import Detections, Detector

BATCH = 8
"""Photographs that a detector is given at once: few, since each may have many millions of pixels."""


class Photograph(NamedTuple):
    """The file of an image, and its path below the folder that was named: the file's name where it was named itself."""

    file: Path
    below: Path

    @property
    def written(self) -> Path:
        """The path below an output folder of what is drawn of it: of its own format where that can be written."""
        return self.below if self.below.suffix.lower() in FORMATS else self.below.with_suffix(".png")


class Found(NamedTuple):
    """A photograph, what it shows as uint8 `[3, H, W]`, and the faces in it."""

    photograph: Photograph
    image: Tensor
    faces: "Detections"


def photographs_in(places: Sequence[Path]) -> list[Photograph]:
    """The images that `places` name, and those of the folders among them and of the folders below, in order.

    Raises:
        LikenessError: a place is missing, or a folder holds no image.
    """
    found: list[Photograph] = []
    for place in places:
        place = place.expanduser()
        if place.is_dir():
            below = [Photograph(file, file.relative_to(place)) for file in _images_below(place)]
            if not below:
                raise LikenessError(f"There is no image in {place}: name a folder that holds some.")
            found.extend(below)
        elif place.exists():
            found.append(Photograph(place, Path(place.name)))
        else:
            raise LikenessError(f"{place} is missing: name an image, or a folder of images.")
    return found


def refuse_output(
    output: Path,
    places: Sequence[Path],
    photographs: Sequence[Photograph],
    others: Sequence[str],
    *,
    force: bool,
) -> None:
    """Say, before anything is computed, why results can't be written to `output`.

    Args:
        output: the folder, there or not.
        places: the images and folders that were named.
        photographs: those in them, of each of which `output` is to hold something.
        others: the names of the files that it is to hold besides.
        force: whether files that are there may be overwritten.

    Raises:
        LikenessError: it is a file, holds files and `force` is not set, holds or lies among the photographs, or two
            results would have one name.
    """
    if output.exists() and not output.is_dir():
        raise LikenessError(f"{output} is a file: give -o a folder.")
    whole = output.resolve()
    within = (whole, *whole.parents)
    holds = {parent for one in photographs for parent in one.file.resolve().parents}
    if whole in holds or any(place.is_dir() and place.resolve() in within for place in places):
        raise LikenessError(f"{output} is where the photographs are: give -o a folder apart from them.")
    taken: dict[Path, str] = {Path(name): "one of the lists and sheets" for name in others}
    for one in photographs:
        if one.written in taken:
            raise LikenessError(
                f"Of {one.file} and {taken[one.written]} the results would both be called {one.written}: rename one."
            )
        taken[one.written] = str(one.file)
    if output.is_dir() and any(output.iterdir()) and not force:
        raise LikenessError(
            f"{output} holds files already: give -o another folder, or overwrite with --force."
        )


def faces_of(
    photographs: Sequence[Photograph], detector: "Detector", unreadable: list[str]
) -> Iterator[Found]:
    """What `detector` finds, one photograph after the other; why one can't be read is put into `unreadable`."""
    from rich.console import Console
    from rich.progress import track

    terminal = Console(stderr=True)
    hidden = len(photographs) < 2 or not terminal.is_terminal
    starts = range(0, len(photographs), BATCH)
    for start in track(starts, "faces", console=terminal, transient=True, disable=hidden):
        shown = list(_shown(photographs[start : start + BATCH], unreadable))
        found = detector([image for _, image in shown])
        for (photograph, image), faces in zip(shown, found, strict=True):
            yield Found(photograph, image, faces)


def _shown(photographs: Sequence[Photograph], unreadable: list[str]) -> Iterator[tuple[Photograph, Tensor]]:
    """Those that can be read, with what they show."""
    for photograph in photographs:
        try:
            shown = read_image(photograph.file, shortest_side=1)
        except (UnreadableImage, FileError) as error:
            unreadable.append(str(error))
        else:
            log_notes(shown.notes)
            yield photograph, shown.image


def _images_below(folder: Path) -> list[Path]:
    """All the images below `folder`, a folder's own before those in deeper ones; what is left out is logged."""
    left_out = LeftOut()
    found = sorted(map(Path, images_in(folder, left_out, deeper=True)), key=_own_first)
    left_out.say(folder)
    return [folder / name for name in found]


def _own_first(path: Path) -> list[tuple[bool, str]]:
    """By which a folder's own files come before the folders in it, both in the order of their names."""
    *folders, name = path.parts
    return [*((True, folder) for folder in folders), (False, name)]
