"""From linear light to a picture: exposure and white balance, focus, a gamma of 2, grain, eight bits."""

import numpy as np
from numpy.typing import NDArray

from likeness.data.drawn_faces.conditions import Conditions
from likeness.data.drawn_faces.draws import Keys, Plane
from likeness.data.drawn_faces.paint import Colour

_LUMA = (0.299, 0.587, 0.114)


def develop(paint: Colour, how: Conditions, keys: Keys, channels: int) -> NDArray[np.uint8]:
    """The pictures `[B, channels, size, size]`."""
    size = round(paint.red.shape[1] ** 0.5)
    balance = (how.exposure * (1 + 0.06 * how.tint), how.exposure * (1 - 0.03 * how.tint), how.exposure * (1 + 0.05 * how.tint))
    film = np.stack([channel * by for channel, by in zip(paint, balance, strict=True)], axis=1)
    # a shoulder that leaves the darks alone and lets the lights run out slowly: c (1 + c / 4) / (1 + c)^... kept simple
    film *= np.float32(1.25) / (np.float32(1) + np.float32(0.28) * film)
    np.sqrt(np.maximum(film, np.float32(0), out=film), out=film)
    if channels == 1:
        film = film[:, :1] * np.float32(_LUMA[0]) + film[:, 1:2] * np.float32(_LUMA[1]) + film[:, 2:] * np.float32(_LUMA[2])
    film = _blurred(film.reshape(len(film), -1, size, size), how.blur)
    film += _grain(keys, size)[:, :, :, :] * how.grain[:, :, None, None]
    film *= np.float32(255)
    film += np.float32(0.5)
    np.maximum(film, np.float32(0), out=film)
    return np.minimum(film, np.float32(255), out=film).astype(np.uint8)


def _blurred(film: Plane, by: Plane) -> Plane:
    """Mixed with its own [1 2 1] / 4 blur, both ways, at a stride that grows with the picture."""
    share = by[:, :, None, None]
    step = max(1, round(film.shape[-1] / 64))
    for axis in (2, 3):
        before = np.concatenate([_ends(film, axis, 0, step), _cut(film, axis, 0, -step)], axis)
        after = np.concatenate([_cut(film, axis, step, None), _ends(film, axis, -1, step)], axis)
        before += after
        before *= np.float32(0.5)
        before -= film
        before *= share * np.float32(0.5)
        film = film + before
    return film


def _cut(film: Plane, axis: int, start: int, stop: int | None) -> Plane:
    return film[:, :, start:stop] if axis == 2 else film[:, :, :, start:stop]


def _ends(film: Plane, axis: int, at: int, count: int) -> Plane:
    end = film[:, :, at : at + 1 or None] if axis == 2 else film[:, :, :, at : at + 1 or None]
    return np.repeat(end, count, axis)


def _grain(keys: Keys, size: int) -> Plane:
    """Noise of each pixel, `[B, 1, size, size]` in (-1, 1): the sum of two bytes of a 32-bit hash (a triangle)."""
    low = (keys & np.uint64(0xFFFFFFFF)).astype(np.uint32)[:, None]
    word = np.arange(size * size, dtype=np.uint32)[None, :] * np.uint32(0x9E3779B1) ^ low
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        word ^= word >> np.uint32(shift)
        word *= np.uint32(factor)
    word ^= word >> np.uint32(16)
    total = (word & np.uint32(255)).astype(np.float32)
    total += ((word >> np.uint32(8)) & np.uint32(255)).astype(np.float32)
    total *= np.float32(1 / 256)
    total -= np.float32(255 / 256)
    return total.reshape(len(keys), 1, size, size)
