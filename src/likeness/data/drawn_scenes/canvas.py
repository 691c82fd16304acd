"""The scene's own paint: linear light `[3, H, W]`, onto which things are laid, blurred, and developed to eight bits."""

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[Any]
"""Always float32, as `drawn_faces.draws.Plane`, whose note says why the type is wider."""
_ONE = np.float32(1)


def blurred(planes: Floats, deviation: float) -> Floats:
    """`[..., H, W]` blurred by about a Gaussian of this standard deviation in pixels, up to 5; the edges are mirrored.

    That is the kernel [1 2 1] / 4, both ways, with 1, 2, 3, ... pixels between its numbers: n pixels apart it adds
    n^2 / 2 to the variance. The last one is mixed in by a share.
    """
    left, apart = deviation * deviation, 1
    while left > 0:
        share = min(1.0, 2 * left / (apart * apart))
        for axis in (-1, -2):
            planes = _softened(planes, axis, apart, np.float32(share))
        left -= share * apart * apart / 2
        apart += 1
    return planes


def smeared(planes: Floats, length: int, slope: float) -> Floats:
    """`[..., H, W]` as a camera sees it that moves by `length` pixels across, and `slope` times as many down."""
    total, shifts = np.zeros_like(planes), range(-length, length + 1)
    height, width = planes.shape[-2:]
    for across in shifts:
        down = round(across * slope)
        rows = np.clip(np.arange(height) + down, 0, height - 1)
        columns = np.clip(np.arange(width) + across, 0, width - 1)
        total += planes[..., rows[:, None], columns]
    return total / np.float32(len(shifts))


def cloud(lots: Generator, height: int, width: int, cells: float, stretch: float = 1.0) -> Floats:
    """Smooth noise in [-1, 1), `[H, W]`: numbers a `cells`-th of the height apart, `stretch` times that across."""
    apart = max(height / cells, 2.0)
    rows, columns = int(height / apart) + 3, int(width / (apart * stretch)) + 3
    table = lots.random((rows, columns), np.float32) * np.float32(2) - _ONE
    at, share = _between(height, apart, lots.random())
    table = table[at] + (table[at + 1] - table[at]) * share[:, None]
    at, share = _between(width, apart * stretch, lots.random())
    return table[:, at] + (table[:, at + 1] - table[:, at]) * share


def developed(
    paint: Floats, lots: Generator, exposure: float, tint: float, grain: float, colour: float
) -> NDArray[np.uint8]:
    """The image, uint8 `[3, H, W]`, as `drawn_faces.film` develops: exposure and white balance, a gamma of 2, grain.

    `colour` is the share of colour that is left, 0 for a grey image. `paint` is used up.
    """
    gain = np.array([1 + 0.08 * tint, 1 - 0.03 * tint, 1 - 0.07 * tint], np.float32) * np.float32(exposure)
    paint *= gain[:, None, None]
    np.maximum(paint, np.float32(0), out=paint)
    np.sqrt(paint, out=paint)
    if colour < 1:
        luma = np.float32(0.299) * paint[0] + np.float32(0.587) * paint[1] + np.float32(0.114) * paint[2]
        paint -= luma
        paint *= np.float32(colour)
        paint += luma
    noise = lots.random(paint.shape, np.float32)
    noise -= np.float32(0.5)
    noise *= np.float32(2 * grain)
    paint += noise
    paint *= np.float32(255)
    paint += np.float32(0.5)
    return np.clip(paint, np.float32(0), np.float32(255), out=paint).astype(np.uint8)


def _softened(planes: Floats, axis: int, apart: int, share: np.float32) -> Floats:
    edge = [(0, 0)] * planes.ndim
    edge[axis] = (apart, apart)
    padded = np.swapaxes(np.pad(planes, edge, mode="symmetric"), axis, -2)
    around = padded[..., : -2 * apart, :] + padded[..., 2 * apart :, :]
    around *= np.float32(0.25) * share
    around += padded[..., apart:-apart, :] * (_ONE - np.float32(0.5) * share)
    return np.ascontiguousarray(np.swapaxes(around, axis, -2))


def _between(count: int, apart: float, shift: float) -> tuple[NDArray[np.intp], Floats]:
    """Of `count` places the number of the cell that each is in, and how far in it."""
    place = np.arange(count, dtype=np.float32) / np.float32(apart) + np.float32(shift)
    cell = np.floor(place)
    return cell.astype(np.intp), place - cell
