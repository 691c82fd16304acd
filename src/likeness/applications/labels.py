"""Letters in images."""

from functools import cache
from pathlib import Path

import matplotlib
from PIL import ImageFont


@cache
def font_of(size: int) -> ImageFont.FreeTypeFont:
    """The font that Matplotlib brings, which has most alphabets' letters, `size` pixels high."""
    return ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"), size)


def shortened(text: str, font: ImageFont.FreeTypeFont, width: float) -> str:
    """`text`, or its end after an ellipsis, at most `width` pixels wide: names of files differ at their end."""
    if font.getlength(text) <= width:
        return text
    for start in range(1, len(text)):
        if font.getlength("…" + text[start:]) <= width:
            return "…" + text[start:]
    return ""
