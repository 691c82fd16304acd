"""Image files, known by their bytes, as an encoder takes them: whole images, or the largest face of each."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from torch import Tensor

from likeness.applications.gallery.readable_name import is_utf8, not_utf8
from likeness.applications.gallery.store import Image, Store
from likeness.data.decode import decode
from likeness.data.reading import reading
from likeness.errors import FileError, LikenessError, UnreadableImage
from likeness.spatial import SpatialSize

if TYPE_CHECKING:
    from likeness.models.detectors import Detector


class FaceFinder(NamedTuple):
    """A detector, and what it is called."""

    name: str
    detector: "Detector"


class Sized(NamedTuple):
    """How an encoder wants images."""

    spatial_size: SpatialSize
    channels: int


class LeftOut(NamedTuple):
    """What was told of files: why some were `unreadable`, and `notes` on others."""

    unreadable: list[str]
    notes: list[str]


def left_out() -> LeftOut:
    """Nothing yet."""
    return LeftOut([], [])


def note_other_detector(store: Store, finder: FaceFinder | None, told: LeftOut) -> None:
    """Tell that images are read otherwise than all that are enrolled: their distances mean little."""
    enrolled, name = store.detectors(), "" if finder is None else finder.name
    if enrolled and name not in enrolled:
        found = " and ".join(one for one in enrolled if one)
        theirs = f"faces that {found} found" if found else "images that were taken whole"
        if name:
            these = (
                f"of these {name} finds the faces: where they are cropped as those are, leave --detector out."
            )
        else:
            these = (
                "these images are taken whole: where they are photographs, run again with --detector "
                f"{enrolled[-1]}."
            )
        told.notes.append(f"{store.name} holds {theirs}, and {these}")


def known_by_content(files: Sequence[Path], finder: FaceFinder | None, told: LeftOut) -> Iterator[Image]:
    """The images in `files` by their bytes; what the file system doesn't give is left out and told.

    So is a file whose name is not in UTF-8.
    """
    for file in files:
        if not is_utf8(str(file.resolve())):
            told.unreadable.append(not_utf8(str(file)))
            continue
        try:
            with reading(file):
                content = sha256(file.read_bytes()).hexdigest()
        except FileError as error:
            told.unreadable.append(str(error))
        else:
            yield Image(content, str(file.resolve()), "" if finder is None else finder.name)


def shown_in(
    image: Image, sized: Sized, finder: FaceFinder | None, told: LeftOut, source: bytes | None = None
) -> Tensor | None:
    """What an image shows, uint8 `[C, H, W]`; None where that can't be read or shows no face, which is told.

    It is read from its file, or from the bytes that `source` gives.

    Raises:
        LikenessError: the encoder takes no images of files.
    """
    content, size, channels = source or Path(image.file), sized.spatial_size, sized.channels
    try:
        if finder is None:
            return decode(content, spatial_size=size, channels=channels, name=image.file)
        from likeness.applications.face_in import largest_face  # and with it torchvision

        face, found = largest_face(
            content, finder.detector, spatial_size=size, channels=channels, name=image.file
        )
    except ValueError as error:
        raise LikenessError(f"The encoder of this gallery was not trained on images: {error}.") from error
    except LikenessError as error:
        told.unreadable.append(str(error))
        return None
    if found > 1:
        told.notes.append(f"{image.file} shows {found} faces: the largest is taken.")
    return face


def one_image(file: Path, sized: Sized, finder: FaceFinder | None) -> tuple[Image, Tensor, list[str]]:
    """An image alone, what it shows, and notes on it.

    Raises:
        LikenessError: it can't be read, or shows no face.
    """
    told = left_out()
    for image in known_by_content([file], finder, told):
        shown = shown_in(image, sized, finder, told)
        if shown is not None:
            return image, shown, told.notes
    raise UnreadableImage(told.unreadable[0])
