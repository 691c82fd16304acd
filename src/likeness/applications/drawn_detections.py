"""The faces that were found, drawn into a copy of the image."""

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from likeness.applications.labels import font_of
from likeness.models.detectors import Detections

_BOX, _POINT, _SHADE = "#F0E442", "#56B4E9", "#1A1A1A"
"""Yellow and sky blue of Okabe and Ito, on a dark rim, so that they are seen on any ground."""
_LINES = 400
"""Lines as wide as one pixel of an image that is so long."""


def drawn(image: Tensor, faces: Detections) -> Tensor:
    """A copy of `image`, uint8 `[3, H, W]`, with each face's box, its score above it, and its points."""
    shown = Image.fromarray(image.permute(1, 2, 0).contiguous().cpu().numpy())
    pen = ImageDraw.Draw(shown)
    width = max(1, round(max(shown.size) / _LINES))
    font = font_of(max(10, 7 * width))
    for box, score, points in zip(faces.boxes.tolist(), faces.scores.tolist(), faces.points, strict=True):
        _draw_box(pen, box, width)
        for x, y in points[points.isfinite().all(1)].tolist():
            _draw_point(pen, x, y, _radius(box, width))
        _draw_label(pen, box, f"{score:.2f}", font, width, shown.size)
    return torch.from_numpy(np.array(shown).transpose(2, 0, 1).copy())


def _draw_box(pen: ImageDraw.ImageDraw, box: list[float], width: int) -> None:
    """Lines around the box: within them lies all that is in it. A pixel's index is its outer corner's place."""
    left, top, right, bottom = (round(side) for side in box)
    rim = 1 if width > 1 else 0
    around = (left - width, top - width, max(left, right - 1) + width, max(top, bottom - 1) + width)
    if rim:
        outer = (around[0] - rim, around[1] - rim, around[2] + rim, around[3] + rim)
        pen.rectangle(outer, outline=_SHADE, width=width + 2 * rim)
    pen.rectangle(around, outline=_BOX, width=width)


def _draw_point(pen: ImageDraw.ImageDraw, x: float, y: float, radius: float) -> None:
    x, y = x - 0.5, y - 0.5  # Pillow has pixels' centres at whole numbers
    if radius >= 2:
        pen.ellipse((x - radius - 1, y - radius - 1, x + radius + 1, y + radius + 1), fill=_SHADE)
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_POINT)


def _draw_label(
    pen: ImageDraw.ImageDraw,
    box: list[float],
    text: str,
    font: ImageFont.FreeTypeFont,
    width: int,
    size: tuple[int, int],
) -> None:
    """The score above the box, or within it where there is no room above; none at a face too small for it."""
    left, top, right, bottom = pen.textbbox((0, 0), text, font=font)
    wide, tall, margin = right - left, bottom - top, max(2, width)
    if wide + 2 * margin > 1.1 * (box[2] - box[0]):
        return
    x = min(max(0.0, box[0] - width), size[0] - wide - 2 * margin)
    y = box[1] - width - tall - 2 * margin
    y = y if y >= 0 else max(0.0, box[1])
    x, y = round(x), round(y)
    pen.rectangle((x, y, x + wide + 2 * margin - 1, y + tall + 2 * margin - 1), fill=_BOX)
    pen.text((x + margin - left, y + margin - top), text, font=font, fill=_SHADE)


def _radius(box: list[float], width: int) -> float:
    """Of a point: by the face's size, between half a line's width and thrice."""
    return min(max(0.5 * width, (box[2] - box[0]) / 40), 3.0 * width)
