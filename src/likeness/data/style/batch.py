"""What an image, or a network that styles images, is trained on at a step."""

from typing import NamedTuple

from torch import Tensor


class StyleBatch(NamedTuple):
    """The images of a step: uint8 from the loader, float in [0, 1] on the device.

    `content` `[1, 3, H, W]`; `styles`: `[1, 3, Hk, Wk]` each; `masks`: where each style belongs, `[1, 1, H, W]` each,
    or None for everywhere; `level`: the index of the size in the pyramid.
    """

    content: Tensor
    styles: list[Tensor]
    masks: list[Tensor] | None
    level: int


class CropBatch(NamedTuple):
    """Crops of contents and of styles, `[B, 3, c, c]` each: uint8 from the loader, float in [0, 1] on the device."""

    contents: Tensor
    styles: Tensor
