"""Samples of unequal lengths, brought to one: padded with zeros, or cut to their middle."""

import logging
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

log = logging.getLogger("likeness")


def fitted(values: NDArray[Any], lengths: Sequence[int]) -> NDArray[Any]:
    """`values [..., *spatial]` with the last axes of these lengths: longer ones are cut to their middle, shorter ones
    lie in the middle of zeros.
    """
    first = values.ndim - len(lengths)
    for axis, wanted in enumerate(lengths, start=first):
        there = values.shape[axis]
        if there > wanted:
            begin = (there - wanted) // 2
            values = values.take(range(begin, begin + wanted), axis=axis)
        elif there < wanted:
            before = (wanted - there) // 2
            around = [(0, 0)] * values.ndim
            around[axis] = (before, wanted - there - before)
            values = np.pad(values, around)
    return values


def say_what_is_fitted(source: str, shapes: Iterable[Sequence[int]], lengths: Sequence[int]) -> None:
    """Log how many samples, of these shapes, have axes that are padded or cut, where there are such."""
    whole = list(shapes)
    padded, cut = (
        sum(any(compared(a, b) for a, b in zip(shape, lengths, strict=True)) for shape in whole)
        for compared in (int.__lt__, int.__gt__)
    )
    if padded or cut:
        log.warning(
            "Of %d samples in %s %d are shorter than spatial_size=%s and padded with zeros, and %d longer and cut to "
            "their middle.",
            len(whole),
            source,
            padded,
            list(lengths),
            cut,
        )
