"""JPEG files that need nothing but decoding, by libjpeg-turbo as Pillow does it, without what it does around that."""

import numpy as np
import simplejpeg
import torch
from torch import Tensor

_START, _END = b"\xff\xd8\xff", b"\xff\xd9"
_MAY_BE_TURNED = (b"Exif", b"http://ns.adobe.com/xap")  # either may tell an orientation
_CHANNELS = {"Gray": 1, "YCbCr": 3}
_COLOURS = {1: "Gray", 3: "RGB"}


def plain_jpeg(content: bytes, *, channels: int, height: int, width: int) -> Tensor | None:
    """The image `[channels, height, width]` in `content`, where that is a plain JPEG file of this shape, else None.

    A plain one is grey or RGB, of the wanted size, says nothing of an orientation, and is neither cut short nor
    damaged. Of these the pixels are those that Pillow gives; all others are left to it.
    """
    if not (content.startswith(_START) and content.endswith(_END)):
        return None
    try:
        *size, colours, _ = simplejpeg.decode_jpeg_header(content)
        if size != [height, width] or _CHANNELS.get(colours) != channels:
            return None
        if any(word in content for word in _MAY_BE_TURNED):
            return None
        pixels = simplejpeg.decode_jpeg(content, _COLOURS[channels])
    except ValueError:  # damaged: Pillow says how, or reads it all the same
        return None
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))
