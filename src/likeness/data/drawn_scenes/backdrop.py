"""What a scene is drawn before: fades, clouds of colour, weaves, walls and streets."""

import numpy as np
from numpy.random import Generator

from likeness.data.drawn_scenes.canvas import Floats, cloud

_ONE = np.float32(1)


def backdrop(lots: Generator, height: int, width: int) -> Floats:
    """Linear light `[3, H, W]`, mostly below 1."""
    kinds = (_fade, _clouds, _weave, _wall, _street)
    kind = kinds[int(np.searchsorted((0.15, 0.45, 0.60, 0.80), lots.random(), side="right"))]
    paint = kind(lots, height, width)
    paint *= _ONE + np.float32(lots.uniform(0, 0.25)) * cloud(lots, height, width, lots.uniform(1, 4))
    return paint


def colour(lots: Generator, grey: float = 0.5) -> Floats:
    """A colour `[3, 1, 1]`, at least `grey` of it grey; dark ones are as frequent as light ones to the eye."""
    channels = np.square(lots.uniform(0.05, 1.0, 3))
    share = lots.uniform(grey, 1)
    return (channels + (channels.mean() - channels) * share).astype(np.float32)[:, None, None]


def _fade(lots: Generator, height: int, width: int) -> Floats:
    """One colour that fades into another, across and down."""
    across = np.linspace(0, lots.uniform(-1, 1), width, dtype=np.float32)[None, :]
    down = np.linspace(0, lots.uniform(-1, 1), height, dtype=np.float32)[:, None]
    return _mixed(colour(lots), colour(lots), np.clip(np.float32(lots.random()) + across + down, 0, 1))


def _clouds(lots: Generator, height: int, width: int) -> Floats:
    """Noise at several scales between three colours, soft or with edges: leaves, rock, water, rooms out of focus."""
    cells, stretch = lots.uniform(1, 6), lots.uniform(0.4, 2.5)
    rough, edge = lots.uniform(0.3, 0.8), lots.uniform(0.5, 6)
    total, weight = np.zeros((height, width), np.float32), 1.0
    for octave in range(4):
        total += cloud(lots, height, width, cells * 2**octave, stretch) * np.float32(weight)
        weight *= rough
    paint = _mixed(colour(lots), colour(lots), np.clip(total * np.float32(edge) + np.float32(0.5), 0, 1))
    return _mixed(paint, colour(lots), np.clip(cloud(lots, height, width, cells) * np.float32(2), 0, 1))


def _weave(lots: Generator, height: int, width: int) -> Floats:
    """Stripes, checks or bricks, slanted, with a little noise."""
    slant = lots.uniform(-1, 1) * (lots.random() < 0.5)
    y, x = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None, :]
    period = lots.uniform(0.015, 0.2) * height
    first = _wave(
        (x + y * np.float32(slant)) / np.float32(period * lots.uniform(0.5, 3)), lots.uniform(0.1, 0.9)
    )
    second = _wave((y - x * np.float32(slant)) / np.float32(period), lots.uniform(0.1, 0.9))
    share = (first * second, first + 0 * second, np.abs(first - second))[int(lots.integers(3))]
    share += np.float32(lots.uniform(0, 0.4)) * cloud(lots, height, width, lots.uniform(8, 40))
    return _mixed(colour(lots), colour(lots), np.clip(share, 0, 1))


def _wall(lots: Generator, height: int, width: int) -> Floats:
    """A wall with rectangles and discs laid over it: pictures, windows, shelves, signs, lamps."""
    paint = (_fade, _clouds)[int(lots.integers(2))](lots, height, width)
    for _ in range(int(lots.integers(4, 40))):
        high, wide = (np.square(lots.uniform(0.1, 0.7, 2)) * height).astype(int) + 2
        top, left = int(lots.uniform(-0.1, 1) * height), int(lots.uniform(-0.1, 1) * width)
        part = paint[:, max(top, 0) : top + high, max(left, 0) : left + wide]
        tone = colour(lots) * np.float32(lots.uniform(0.4, 1.3))
        if lots.random() < 0.3:
            y, x = np.ogrid[max(top, 0) - top : max(top, 0) - top + part.shape[1], : part.shape[2]]
            distance = np.square((2 * y - high) / high) + np.square((2 * x - wide) / wide)
            cover = np.clip((1 - distance) * min(high, wide) / 4, 0, 1).astype(np.float32)
        else:
            cover = np.full(part.shape[1:], lots.uniform(0.4, 1), np.float32)
        part += (tone - part) * cover
    return paint


def _street(lots: Generator, height: int, width: int) -> Floats:
    """A sky, houses with rows of windows, and a ground of another texture."""
    horizon = int(lots.uniform(0.25, 0.8) * height)
    paint = _mixed(colour(lots, 0.3), colour(lots), np.linspace(0, 1, height, dtype=np.float32)[:, None])
    paint = np.repeat(paint, width, axis=2)
    left = 0
    while left < width:
        wide, tall = int(lots.uniform(0.08, 0.4) * height) + 4, int(lots.uniform(0.1, 1) * horizon)
        house = paint[:, horizon - tall : horizon, left : left + wide]
        y, x = (
            np.arange(house.shape[1], dtype=np.float32)[:, None],
            np.arange(house.shape[2], dtype=np.float32),
        )
        storey = lots.uniform(0.02, 0.1) * height
        panes = _wave(y / np.float32(storey), 0.5) * _wave(
            x / np.float32(storey * lots.uniform(0.5, 1.5)), 0.4
        )
        house[...] = _mixed(colour(lots, 0.7), colour(lots, 0.7) * np.float32(lots.uniform(0.2, 1)), panes)
        left += int(wide * lots.uniform(0.9, 1.6)) + 1
    ground = cloud(lots, height - horizon, width, lots.uniform(3, 30), lots.uniform(1, 6))
    paint[:, horizon:] = _mixed(
        colour(lots, 0.6), colour(lots, 0.6), np.float32(0.5) + np.float32(0.5) * ground
    )
    return paint


def _mixed(first: Floats, second: Floats, share: Floats) -> Floats:
    """From `first` to `second`, `[3, H, W]`."""
    return first + (second - first) * share


def _wave(phase: Floats, share: float) -> Floats:
    """1 for a `share` of each period, 0 for the rest, with edges that are a little soft."""
    place = phase - np.floor(phase)
    return np.clip(
        (np.float32(share / 2) - np.abs(place - np.float32(0.5))) * np.float32(12) + np.float32(0.5), 0, 1
    )
