"""What Pillow reads, as pictures of 8 bits a channel; whatever is wrong with a file is one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from likeness.errors import BrokenPicture

_SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N")


@contextmanager
def opened(source: str | Path | bytes, name: str) -> Iterator[Image.Image]:
    """The picture in `source` (a path, or encoded bytes), not decoded yet.

    Raises:
        BrokenPicture: the file is missing or no picture, or what is done with it meets damage; `name` is named.
    """
    try:
        with Image.open(BytesIO(source) if isinstance(source, bytes) else source) as image:
            yield image
    except UnidentifiedImageError:
        raise BrokenPicture(f"{name} is not a picture that can be read: replace or remove it.") from None
    except FileNotFoundError:
        raise BrokenPicture(f"{name} is missing: put it back, or start again without it.") from None
    except (
        Exception
    ) as error:  # decoders meet damage with many types: OSError, SyntaxError, struct.error, ...
        reason = str(error).strip().rstrip(".") or type(error).__name__
        raise BrokenPicture(f"{name} cannot be read ({reason}): replace or remove it.") from None


def scaled_to_eight_bits(image: Image.Image) -> Image.Image:
    """`image`, grey in mode L where it had 16 bits; raises `ValueError` for 32-bit numbers."""
    if image.mode in _SIXTEEN_BIT:
        return Image.fromarray(np.round(np.asarray(image).astype(np.float32) / 257).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise ValueError("32-bit numbers have no agreed white, 8 and 16 bits do")
    return image


def laid_on_white(image: Image.Image) -> Image.Image:
    """`image`, in mode RGBA and opaque where it had transparency, as most viewers show it."""
    if not image.has_transparency_data:
        return image
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
