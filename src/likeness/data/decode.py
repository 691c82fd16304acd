"""From an encoded image to a uint8 tensor of the wanted size and channels."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from likeness.data.eight_bit import converted, decoded, laid_on_white, scaled_to_eight_bits
from likeness.data.plain_jpeg import plain_jpeg
from likeness.data.reading import bytes_of
from likeness.spatial import MAX_PIXELS, SpatialSize, height_and_width


def decode(
    source: str | Path | bytes,
    *,
    spatial_size: SpatialSize,
    channels: int,
    name: str = "",
    max_pixels: int = MAX_PIXELS,
) -> Tensor:
    """The image in `source` (a path, or encoded bytes) as uint8 `[channels, height, width]`.

    The centre is cropped to the wanted shape and resized (bilinear, antialiased); an image that has the wanted size
    already keeps its pixels. EXIF orientation is applied. Transparent parts are
    laid on white, as most viewers show them. Palette, CMYK and other colour spaces become RGB, and grey has
    three equal channels; one channel is luma (ITU-R BT.601). 16 bits are scaled to 8. Of several frames the
    first counts. Colour profiles are not applied.

    Args:
        source: path of a file, or its bytes.
        spatial_size: of the result, in pixels: a number for a square, or height and width.
        channels: 3 (RGB) or 1 (grey).
        name: what to call bytes in a message.
        max_pixels: as many it may have; a JPEG is decoded at a half, quarter or eighth of its size, where that is
            enough, and only then counted.

    Raises:
        UnreadableImage: the bytes are cut short, not an image, or 32-bit numbers, which have no agreed white.
        FileError: the file system doesn't give the file.
        ValueError: the size is not a height and a width, or the channels are neither grey nor RGB.
    """
    name = name or ("an image" if isinstance(source, bytes) else str(source))
    height, width = height_and_width(spatial_size, "an image file")
    if channels not in (1, 3):
        raise ValueError(f"an image file has 1 channel (grey) or 3 (RGB), not {channels}")
    content = source if isinstance(source, bytes) else bytes_of(source, name)
    if (pixels := plain_jpeg(content, channels=channels, height=height, width=width)) is not None:
        return pixels
    image = decoded(content, name, at_least=3 * max(height, width), max_pixels=max_pixels).image
    return _tensor(_cropped(_eight_bit(image, channels, name), height, width))


def _eight_bit(image: Image.Image, channels: int, name: str) -> Image.Image:
    """`image` in mode RGB or L."""
    image = laid_on_white(scaled_to_eight_bits(image, name), name)
    mode = "L" if channels == 1 else "RGB"
    return image if image.mode == mode else converted(image, mode, name)


def _cropped(image: Image.Image, height: int, width: int) -> Image.Image:
    """The largest centre of `image` that has the shape of `height` x `width`, resized to that."""
    if image.size == (width, height):
        return image
    if image.width * height <= image.height * width:
        across, down = image.width, max(1, round(image.width * height / width))
    else:
        across, down = max(1, round(image.height * width / height)), image.height
    left, top = (image.width - across) // 2, (image.height - down) // 2
    box = (left, top, left + across, top + down)
    return image.resize((width, height), Image.Resampling.BILINEAR, box=box)


def _tensor(image: Image.Image) -> Tensor:
    pixels = np.array(image)
    if pixels.ndim == 2:
        return torch.from_numpy(pixels)[None]
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))
