"""What is no face: lit blobs and limbs in the colours of skin and in others, behind the faces or before them."""

import numpy as np
from numpy.random import Generator

from likeness.data.drawn_scenes.backdrop import colour
from likeness.data.drawn_scenes.canvas import Floats
from likeness.data.drawn_scenes.part import Part, lay


def skin(lots: Generator) -> Floats:
    """A colour `[3, 1, 1]` as `drawn_faces` gives skin: from pale to brown."""
    share = lots.random()
    pale, brown = np.array([0.74, 0.47, 0.35]), np.array([0.40, 0.215, 0.135])
    return ((pale + (brown - pale) * share) * lots.uniform(0.5, 1.2)).astype(np.float32)[:, None, None]


def clutter(lots: Generator, paint: Floats) -> None:
    """Lay blobs and limbs all over the background, many of them of skin, in place."""
    height, width = paint.shape[1:]
    for _ in range(int(lots.integers(0, 14))):
        tone = skin(lots) if lots.random() < 0.6 else colour(lots)
        part = blob(lots, tone, lots.random() * width, lots.random() * height, _size(lots, height))
        lay(paint, part)


def obstacles(lots: Generator, height: int, width: int) -> list[Part]:
    """What is before the faces: a few bars, hands and other things."""
    parts = []
    for _ in range(int(lots.integers(1, 5))):
        if lots.random() < 0.3:
            parts.append(pole(lots, height, width))
        else:
            tone = skin(lots) if lots.random() < 0.4 else colour(lots)
            parts.append(blob(lots, tone, lots.random() * width, lots.random() * height, _size(lots, height)))
    return parts


def blob(lots: Generator, tone: Floats, x: float, y: float, size: float) -> Part:
    """A lit ellipse or limb around (x, y), of a colour `[3, 1, 1]`; `size` is its longer half axis in pixels.

    A limb is longer and thinner, an ellipse of power 4 along.
    """
    thin = size * lots.uniform(0.15, 1.0)
    t = lots.uniform(-1, 1)
    cosine, sine = np.float32((1 - t * t) / (1 + t * t)), np.float32(2 * t / (1 + t * t))
    top, left, reach = int(y - size) - 1, int(x - size) - 1, int(2 * size) + 4
    dy = np.arange(top, top + reach, dtype=np.float32)[:, None] + np.float32(0.5 - y)
    dx = np.arange(left, left + reach, dtype=np.float32)[None, :] + np.float32(0.5 - x)
    along = (dx * cosine + dy * sine) / np.float32(size)
    across = (dy * cosine - dx * sine) / np.float32(thin)
    square = along * along
    if lots.random() < 0.5:
        square *= square
    square += across * across
    cover = np.clip((1 - square) * np.float32(thin / 2 / lots.uniform(1, 4)) + np.float32(0.5), 0, 1)
    tilt, above = np.float32(lots.uniform(-0.5, 0.5)), np.float32(lots.uniform(0, 0.5))
    light = np.sqrt(np.maximum(1 - square, np.float32(0))) * np.float32(0.45) + np.float32(0.5)
    light += tilt * along - above * across
    return Part(top, left, tone * (np.maximum(light, np.float32(0.05)) * cover), cover)


def pole(lots: Generator, height: int, width: int) -> Part:
    """A slanted bar from the top to the bottom."""
    half, slope, x = lots.uniform(0.004, 0.05) * height, lots.uniform(-0.4, 0.4), lots.random() * width
    y = np.arange(height, dtype=np.float32)[:, None] - np.float32(height / 2)
    away = np.abs(np.arange(width, dtype=np.float32)[None, :] - np.float32(x) + y * np.float32(slope))
    cover = np.clip(np.float32(half + 0.5) - away, 0, 1)
    shade = np.float32(1.2) - np.float32(0.5 / half) * np.minimum(away, np.float32(half))
    return Part(0, 0, colour(lots) * (shade * cover), cover)


def _size(lots: Generator, height: int) -> float:
    """Half the length of a thing in pixels: evenly by octaves."""
    return height * 0.01 * 2 ** int(lots.integers(4)) * lots.uniform(1, 2)
