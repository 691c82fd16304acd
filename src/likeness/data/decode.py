"""From an encoded picture to a uint8 tensor of the wanted size and channels."""

from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from likeness.errors import BrokenPicture

_SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N")


def decode(source: str | Path | bytes, *, image_size: int, channels: int, name: str = "") -> Tensor:
    """The picture in `source` (a path, or encoded bytes) as uint8 `[channels, image_size, image_size]`.

    The shorter side is resized to `image_size` (bilinear, antialiased) and the centre cropped; a picture
    that is `image_size` square already keeps its pixels. EXIF orientation is applied. Transparent parts are
    laid on white, as most viewers show them. Palette, CMYK and other colour spaces become RGB, and grey has
    three equal channels; one channel is luma (ITU-R BT.601). 16 bits are scaled to 8. Of several frames the
    first counts. Colour profiles are not applied.

    Args:
        source: path of a file, or its bytes.
        image_size: height and width of the result, in pixels.
        channels: 3 (RGB) or 1 (grey).
        name: what to call bytes in a message.

    Raises:
        BrokenPicture: the file is missing, cut short, not a picture, or holds 32-bit numbers, which have no
            agreed white.
    """
    name = name or ("a picture" if isinstance(source, bytes) else str(source))
    try:
        with Image.open(BytesIO(source) if isinstance(source, bytes) else source) as image:
            # lets a JPEG much larger than wanted be decoded at a half, quarter or eighth of its size
            image.draft(None, (3 * image_size, 3 * image_size))
            return _tensor(_square(_eight_bit(image, channels), image_size))
    except UnidentifiedImageError:
        raise BrokenPicture(f"{name} is not a picture that can be read: replace or remove it.") from None
    except FileNotFoundError:
        raise BrokenPicture(f"{name} is missing: put it back, or start again without it.") from None
    except (
        Exception
    ) as error:  # decoders meet damage with many types: OSError, SyntaxError, struct.error, ...
        reason = str(error).strip().rstrip(".") or type(error).__name__
        raise BrokenPicture(f"{name} cannot be read ({reason}): replace or remove it.") from None


def _eight_bit(image: Image.Image, channels: int) -> Image.Image:
    """`image` upright, in mode RGB or L."""
    image.load()
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode in _SIXTEEN_BIT:
        image = Image.fromarray(np.round(np.asarray(image).astype(np.float32) / 257).astype(np.uint8))
    elif image.mode in ("I", "F"):
        raise ValueError("32-bit numbers have no agreed white, 8 and 16 bits do")
    elif image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    mode = "L" if channels == 1 else "RGB"
    return image if image.mode == mode else image.convert(mode)


def _square(image: Image.Image, size: int) -> Image.Image:
    """The centre of `image`, resized so that its shorter side is `size`."""
    if image.size == (size, size):
        return image
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    box = (left, top, left + side, top + side)
    return image.resize((size, size), Image.Resampling.BILINEAR, box=box)


def _tensor(image: Image.Image) -> Tensor:
    pixels = np.array(image)
    if pixels.ndim == 2:
        return torch.from_numpy(pixels)[None]
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))
