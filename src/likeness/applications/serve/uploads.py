"""Pictures that somebody sends: bounded before anything of them is decoded, and never a path of the server's."""

import re
import warnings
from hashlib import sha256
from io import BytesIO
from typing import NamedTuple

from fastapi import UploadFile
from PIL import Image

from likeness.applications.serve.failures import Failure
from likeness.data.eight_bit import decoding
from likeness.errors import UnreadableImage

MOST_BYTES = 10 * 2**20
MOST_PIXELS = 40_000_000
SEARCHED = 10
"""Pictures in a request that is answered at once."""
ENROLLED = 100
"""Pictures in a request that makes a job."""
IN_A_COHORT = 1000
"""Pictures of strangers in a request."""

_FORMATS = {"JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png", "WEBP": ".webp", "BMP": ".bmp", "TIFF": ".tif"}
_FIELDS = 2**16  # bytes of a request beside its pictures


class Limits(NamedTuple):
    """Of a request with pictures, as FastAPI takes them for a route."""

    max_body_size: int
    form_limits: dict[str, int]


def limits(pictures: int, total: int | None = None) -> Limits:
    """Those of a request that brings at most so many pictures, of `total` bytes where that is less."""
    size = _FIELDS + min(pictures * MOST_BYTES, total or pictures * MOST_BYTES)
    return Limits(size, {"max_files": pictures, "max_fields": 20, "max_part_size": 4096})


class Picture(NamedTuple):
    """A picture's bytes, their SHA-256, the suffix of its format, and what its sender called it.

    `folder` is the last folder that the sender's name for it holds, or "".
    """

    content: bytes
    digest: str
    suffix: str
    called: str
    folder: str


async def received(upload: UploadFile) -> Picture:
    """The picture of an upload; its header alone is looked at.

    Raises:
        Failure: it is empty, too large, or has too many pixels.
        UnreadableImage: it is no picture of a known format.
    """
    *folders, called = [part for part in re.split(r"[/\\]", upload.filename or "") if part] or ["the picture"]
    called = printable(called)[:100]
    if (upload.size or 0) > MOST_BYTES:
        raise Failure(413, "too_large", f"{called} is larger than 10 MiB: send a smaller copy.")
    content = await upload.read()
    if not content:
        raise Failure(422, "no_picture", "No picture was chosen, or it is empty.")
    suffix = _suffix_of(content, called)
    folder = printable(folders[-1])[:200] if folders else ""
    return Picture(content, sha256(content).hexdigest(), suffix, called, folder)


def printable(text: str) -> str:
    """A text without what can't be shown in a line."""
    return "".join(character for character in text if character.isprintable()).strip()


def refuse_many_pixels(image: Image.Image, called: str) -> None:
    """Raise a `Failure` for an image, not decoded yet, of more than 40 megapixels."""
    if image.width * image.height > MOST_PIXELS:
        raise _many_pixels(called)


def _many_pixels(called: str) -> Failure:
    said = f"{called} has more than {MOST_PIXELS // 10**6} megapixels: send a smaller copy."
    return Failure(413, "too_many_pixels", said)


def _suffix_of(content: bytes, called: str) -> str:
    with warnings.catch_warnings(), decoding(called):
        warnings.simplefilter("ignore")  # Pillow's, of large images, which are refused here
        try:
            image = Image.open(BytesIO(content), formats=["JPEG", "PNG", "WEBP", "BMP", "TIFF"])
        except Image.DecompressionBombError:
            raise _many_pixels(called) from None
    refuse_many_pixels(image, called)
    if image.format not in _FORMATS:
        raise UnreadableImage(f"{called} is not an image that can be read: replace or remove it.")
    return _FORMATS[image.format]
