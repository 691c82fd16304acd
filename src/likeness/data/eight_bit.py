"""What Pillow reads, as images of 8 bits a channel; what is wrong with a file's bytes is one sentence."""

import logging
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import ExifTags, Image, ImageFile, ImageOps, JpegImagePlugin, PngImagePlugin, UnidentifiedImageError

from likeness.data.image_formats import formats
from likeness.data.named_warnings import naming
from likeness.data.reading import bytes_of, refused
from likeness.errors import UnreadableImage
from likeness.spatial import MAX_PIXELS

log = logging.getLogger("likeness")

_SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N")

# By these Pillow's decoders say that bytes are damaged. A lack of memory or a fault of the program is none of them.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    EOFError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


class Decoded(NamedTuple):
    """An image, upright and in the mode that it is stored in, and what it was like.

    `turned`: its EXIF orientation was applied; `sixteen_bits`: it is stored with 16 bits a channel.
    """

    image: Image.Image
    turned: bool
    sixteen_bits: bool


def decoded(
    source: str | Path | bytes, name: str, *, at_least: int | None = None, max_pixels: int = MAX_PIXELS
) -> Decoded:
    """The image in `source` (a path, or encoded bytes), which is called `name` in messages.

    Args:
        source: path of a file, or its bytes.
        name: what to call it.
        at_least: pixels; a JPEG whose sides are much longer may be decoded at a half, quarter or eighth of its size.
        max_pixels: as many it may have when it is decoded.

    Raises:
        UnreadableImage: the bytes are no image, a damaged one, or one of more pixels.
        FileError: the file system doesn't give the bytes.
    """
    content = source if isinstance(source, bytes) else bytes_of(source, name)
    with decoding(name):
        image = _opened(content, max_pixels)
        if at_least is not None:
            image.draft(None, (at_least, at_least))
    if image.width * image.height > max_pixels:
        raise UnreadableImage(
            f"{name} has {image.width} x {image.height} pixels, more than max_pixels={max_pixels}: make it smaller, or "
            "raise data.max_pixels where it is an image of the data."
        )
    sixteen_bits = _has_sixteen_bits(image)
    with decoding(name):
        image.load()
        transparent = image.info.get("transparency")
        if sixteen_bits and isinstance(transparent, tuple):  # Pillow scales the colours alone
            image.info["transparency"] = tuple(value >> 8 for value in transparent)
        turned = _turned_upright(image, name)
    return Decoded(image, turned, sixteen_bits)


def _opened(content: bytes, max_pixels: int) -> ImageFile.ImageFile:
    """The image in encoded bytes, of which the header alone is read.

    Pillow refuses what has twice its limit by the header; the limit is raised here, for good, where more is asked for.
    Of what is refused a JPEG, which may be decoded smaller, and a PNG, whose size stands at its start, are opened all
    the same, to be judged by their own size.
    """
    if max_pixels > MAX_PIXELS and Image.MAX_IMAGE_PIXELS is not None:
        Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS, max_pixels)
    try:
        return Image.open(BytesIO(content), formats=formats())
    except Image.DecompressionBombError:
        if content.startswith(b"\xff\xd8\xff"):
            return JpegImagePlugin.JpegImageFile(BytesIO(content))
        if content.startswith(b"\x89PNG"):
            return PngImagePlugin.PngImageFile(BytesIO(content))
        raise


def _turned_upright(image: Image.Image, name: str) -> bool:
    """Turn an image as its EXIF orientation says, where it says something; whether it was turned.

    Damaged EXIF is no damage of the pixels: they are taken as they are stored, which is logged.
    """
    try:
        turned = image.getexif().get(ExifTags.Base.Orientation, 1) != 1
        ImageOps.exif_transpose(image, in_place=True)
    except _DAMAGE:
        log.info("%s has EXIF data that can't be read: it is taken as it is stored.", name)
        return False
    return turned


@contextmanager
def decoding(name: str) -> Iterator[None]:
    """Let Pillow, and nothing of ours, look into the bytes of `name` in the block.

    Raises:
        UnreadableImage: by the kind of Pillow's exception the bytes are damaged.
        FileError: the system refused something, as a file of Pillow's own.
    """
    try:
        with naming(name):
            yield
    except UnidentifiedImageError:
        raise UnreadableImage(f"{name} is not an image that can be read: replace or remove it.") from None
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno is not None:  # of a decoder's own it is None
            raise refused(name, error) from error
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise UnreadableImage(f"{name} cannot be read ({reason}): replace or remove it.") from None


def scaled_to_eight_bits(image: Image.Image, name: str) -> Image.Image:
    """`image`, grey in mode L where it had 16 bits, in mode LA where one of its 65,536 greys is transparent.

    Raises:
        UnreadableImage: it has 32-bit numbers.
    """
    if image.mode in _SIXTEEN_BIT:
        stored = np.asarray(image)
        grey = Image.fromarray(np.round(stored.astype(np.float32) / 257).astype(np.uint8))
        transparent = image.info.get("transparency")
        if isinstance(transparent, int):
            grey.putalpha(Image.fromarray(np.where(stored == transparent, 0, 255).astype(np.uint8)))
        return grey
    if image.mode in ("I", "F"):
        raise UnreadableImage(
            f"{name} cannot be read (32-bit numbers have no agreed white, 8 and 16 bits do): replace or remove it."
        )
    return image


def laid_on_white(image: Image.Image, name: str) -> Image.Image:
    """`image`, in mode RGBA and opaque where it had transparency, as most viewers show it."""
    if not image.has_transparency_data:
        return image
    image = converted(image, "RGBA", name)
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)


def converted(image: Image.Image, mode: str, name: str) -> Image.Image:
    """`image` in another mode; raises `UnreadableImage` where its own, or its palette, has no such colours."""
    with decoding(name):
        return image.convert(mode)


def _has_sixteen_bits(image: Image.Image) -> bool:
    """Whether an image that is not decoded yet has 16 bits a channel; Pillow takes the upper 8 of a colour's."""
    assert isinstance(image, ImageFile.ImageFile)
    raw_modes = (
        tile.args if isinstance(tile.args, str) else str((tile.args or [""])[0]) for tile in image.tile
    )
    return any(
        ";16" in mode and not mode.startswith("BGR") for mode in raw_modes
    )  # BGR;16 is 16 bits a pixel
