"""From linear light to an image: exposure and white balance, focus, a gamma of 2, grain, eight bits."""

from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from likeness.data.drawn_faces.conditions import Conditions
from likeness.data.drawn_faces.draws import Keys, Plane, lattice
from likeness.data.drawn_faces.paint import Colour

_LUMA = (0.299, 0.587, 0.114)
_LAST = np.uint64((1 << 15) - 1)
"""The last place in the roll where a stretch of grain begins."""


def develop(paint: Colour, how: Conditions, keys: Keys, channels: int) -> NDArray[np.uint8]:
    """The images `[B, channels, size, size]`."""
    size = round(paint.red.shape[1] ** 0.5)
    # the square of 255, since the root below leaves 255
    by = how.exposure * np.float32(255 * 255)
    balance = (by * (1 + 0.06 * how.tint), by * (1 - 0.03 * how.tint), by * (1 + 0.05 * how.tint))
    film = np.empty((len(keys), 3, size * size), np.float32)
    for at, gain in enumerate(balance):
        np.multiply(paint[at], gain, out=film[:, at])
    np.maximum(film, np.float32(0), out=film)
    np.sqrt(film, out=film)
    if channels == 1:
        film = (
            film[:, :1] * np.float32(_LUMA[0])
            + film[:, 1:2] * np.float32(_LUMA[1])
            + film[:, 2:] * np.float32(_LUMA[2])
        )
    film = film.reshape(len(film), -1, size, size)
    _blurred(film, how.blur)
    noise = _grain(keys, size)
    noise *= how.grain[:, :, None, None] * np.float32(255)
    noise += np.float32(0.5)
    film += noise
    return np.clip(film, np.float32(0), np.float32(255), out=film).astype(np.uint8)


def _blurred(film: Plane, by: Plane) -> None:
    """Mix with its own [1 2 1] / 4 blur, both ways, in place, at a stride that grows with the image."""
    size = film.shape[-1]
    step = max(1, round(size / 64))
    share = by[:, :, None] * np.float32(0.5)
    flat = film.reshape(len(film), -1, size * size)
    change = np.empty_like(flat)
    for apart in (step * size, step):
        middle, inner = flat[..., apart:-apart], change[..., apart:-apart]
        np.add(flat[..., : -2 * apart], flat[..., 2 * apart :], out=inner)
        inner *= np.float32(0.5)
        inner -= middle
        inner *= share
        if apart == step:
            # in a flat image the neighbours of the outer columns are in other rows
            columns = change.reshape(film.shape)
            columns[..., :step] = 0
            columns[..., -step:] = 0
        middle += inner


def _grain(keys: Keys, size: int) -> Plane:
    """Noise of each pixel, `[B, 1, size, size]` in [-1, 1): the sum of two keyed stretches of one roll (a triangle)."""
    stretches = _roll(size * size)
    total: Plane = stretches[(keys & _LAST).astype(np.intp)]
    total += stretches[((keys >> np.uint64(32)) & _LAST).astype(np.intp)]
    return total.reshape(len(keys), 1, size, size)


@cache
def _roll(pixels: int) -> Plane:
    """Every stretch of a fixed roll of numbers evenly in [-1/2, 1/2), as views `[places, pixels]`."""
    roll = lattice(np.zeros(1, np.uint64), "film", pixels + int(_LAST))[0] * np.float32(0.5)
    return sliding_window_view(roll, pixels)
