"""From an encoded picture to a uint8 tensor of the wanted size and channels."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from likeness.data.eight_bit import converted, decoded, laid_on_white, scaled_to_eight_bits


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
        UnreadableImage: the bytes are cut short, not a picture, or 32-bit numbers, which have no agreed white.
        LikenessError: the file system doesn't give the file.
    """
    name = name or ("a picture" if isinstance(source, bytes) else str(source))
    image = decoded(source, name, at_least=3 * image_size).image
    return _tensor(_square(_eight_bit(image, channels, name), image_size))


def _eight_bit(image: Image.Image, channels: int, name: str) -> Image.Image:
    """`image` in mode RGB or L."""
    image = laid_on_white(scaled_to_eight_bits(image, name), name)
    mode = "L" if channels == 1 else "RGB"
    return image if image.mode == mode else converted(image, mode, name)


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
