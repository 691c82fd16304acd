"""Smooth noise from small tables of keyed numbers, read by linear interpolation."""

import numpy as np

from likeness.data.drawn_faces.draws import Keys, Plane, lattice

_LINE = 128
_TILE = 32


def line(keys: Keys, name: str) -> Plane:
    """A closed line of noise in [-1, 1) for each key, `[B, 129]`."""
    table = lattice(keys, name, _LINE)
    return np.concatenate([table, table[:, :1]], axis=1)


def along(table: Plane, at: Plane) -> Plane:
    """The noise `[B, N]` of a `line` at the places `at` `[B, N]`, a unit apart from number to number."""
    lower = np.floor(at)
    share = at - lower
    index = lower.astype(np.intp)
    index &= _LINE - 1
    index += (np.arange(len(table), dtype=np.intp) * table.shape[1])[:, None]
    flat = table.ravel()
    first = flat.take(index)
    index += 1
    second = flat.take(index)
    second -= first
    second *= share
    second += first
    return second


def tile(keys: Keys, name: str) -> Plane:
    """A tile of noise in [-1, 1) for each key, `[B, 33 * 33]`, that repeats without a seam."""
    table = lattice(keys, name, _TILE * _TILE).reshape(-1, _TILE, _TILE)
    table = np.concatenate([table, table[:, :1]], axis=1)
    return np.concatenate([table, table[:, :, :1]], axis=2).reshape(len(keys), -1)


def over(table: Plane, x: Plane, y: Plane) -> Plane:
    """The noise `[B, N]` of a `tile` at (x, y) `[B, N]`, a unit apart from number to number."""
    left, low = np.floor(x), np.floor(y)
    right_share, up_share = x - left, y - low
    index = low.astype(np.intp)
    index &= _TILE - 1
    index *= _TILE + 1
    column = left.astype(np.intp)
    column &= _TILE - 1
    index += column
    index += (np.arange(len(table), dtype=np.intp) * table.shape[1])[:, None]
    flat = table.ravel()
    first = _between(flat, index, right_share)
    index += _TILE + 1
    second = _between(flat, index, right_share)
    second -= first
    second *= up_share
    second += first
    return second


def _between(flat: Plane, index: np.ndarray[tuple[int, ...], np.dtype[np.intp]], share: Plane) -> Plane:
    first = flat.take(index)
    second = flat.take(index + 1)
    second -= first
    second *= share
    second += first
    return second
