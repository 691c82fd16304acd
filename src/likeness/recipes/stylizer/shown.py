"""The test images that a stylizer is measured on and shown with."""

from typing import NamedTuple

from torch import Tensor

from likeness.data.as_float import as_float
from likeness.data.skipping import SkippingUnreadable
from likeness.errors import LikenessError

SHOWN = 4
"""So many contents and styles of the test, each in each."""


class Shown(NamedTuple):
    """An image, `[3, H, W]` in [0, 1], and its name, by which no other goes."""

    name: str
    image: Tensor


def shown_images(images: SkippingUnreadable, key: str) -> list[Shown]:
    """The first of the test images that can be read; `key` is what names their folder.

    Raises:
        LikenessError: there is none.
    """
    shown: list[Shown] = []
    for index in range(len(images)):
        if len(shown) == SHOWN:
            break
        (image,) = images.load_or_none([index])
        if image is not None:
            shown.append(Shown(images.name(index), as_float(image)))
    if not shown:
        raise LikenessError(
            f"None of the {len(images)} images that are kept for the test can be read, such as {images.name(0)}; "
            f"replace them in {key}, or set another data.split_seed."
        )
    return shown
