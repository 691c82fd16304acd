"""Aligned faces side by side on one sheet, each with its name."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from likeness.applications.labels import font_of, shortened
from likeness.data.alignment import SIDE

MOST = 400
"""Faces on a sheet: more would make an image that few viewers open."""
_GAP, _LABEL, _LETTERS = 8, 18, 11  # pixels: between faces, for a line of text, and the height of its font
_INK = "#333333"


class NamedFace(NamedTuple):
    """An aligned face, uint8 `[3, 112, 112]`, and its name."""

    name: str
    face: Tensor


def face_sheet(faces: Sequence[NamedFace], missing: int = 0) -> Tensor:
    """A grid of `faces`, uint8 `[3, H, W]`, with a line below on how many are `missing`.

    Raises:
        ValueError: there are no faces.
    """
    if not faces:
        raise ValueError("a sheet of faces needs faces")
    across = min(len(faces), max(8, round(len(faces) ** 0.5)))
    down = -(-len(faces) // across)
    foot = _LABEL if missing else 0
    width = _GAP + across * (SIDE + _GAP)
    height = _GAP + down * (SIDE + _LABEL + _GAP) + foot
    page = Image.new("RGB", (width, height), "white")
    pen, font = ImageDraw.Draw(page), font_of(_LETTERS)
    for place, (name, face) in enumerate(faces):
        x = _GAP + place % across * (SIDE + _GAP)
        y = _GAP + place // across * (SIDE + _LABEL + _GAP)
        page.paste(Image.fromarray(face.permute(1, 2, 0).contiguous().cpu().numpy()), (x, y))
        text = shortened(name, font, SIDE)
        pen.text((x + SIDE / 2, y + SIDE + _LABEL / 2), text, font=font, fill=_INK, anchor="mm")
    if missing:
        pen.text((_GAP, height - _LABEL), f"and {missing:,} more", font=font, fill=_INK)
    return torch.from_numpy(np.array(page).transpose(2, 0, 1).copy())
