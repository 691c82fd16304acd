"""The pairs that an embedding gets most wrong."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import finite, two_classes
from likeness.evaluation.comparison import EUCLIDEAN
from likeness.evaluation.figures.style import DIFFERENT, INK, SAME, bare, quiet_figure


class HardestPairs(NamedTuple):
    """Indices of pairs: the farthest of one identity, farthest first, and the nearest of two, nearest first."""

    same: NDArray[np.int64]
    different: NDArray[np.int64]


def hardest_pairs(distance: ArrayLike, same: ArrayLike, count: int) -> HardestPairs:
    """The `count` worst pairs of each kind (fewer if there are fewer); equal distances in order of index."""
    values = finite(distance, "distance", 1)
    kinds = two_classes(same, len(values))
    of_one, of_two = np.flatnonzero(kinds), np.flatnonzero(~kinds)
    return HardestPairs(
        of_one[np.argsort(-values[of_one], kind="stable")[:count]],
        of_two[np.argsort(values[of_two], kind="stable")[:count]],
    )


def hardest_figure(
    distance: ArrayLike,
    same: ArrayLike,
    sample: Callable[[int], tuple[NDArray[np.uint8], NDArray[np.uint8]]],
    *,
    count: int = 6,
    threshold: float | None = None,
    unit: str = EUCLIDEAN.unit,
) -> Figure:
    """Two rows of `count` pairs with their distances: one identity taken for two, and two identities for one.

    Only the pairs shown are asked of `sample(pair) -> (first, second)`, uint8 `[H, W]` or `[H, W, 3]`, so
    that the caller loads no more. With a `threshold`, a pair that it is right on for all that says
    "(right)".
    """
    if count < 1:
        raise ValueError(f"a figure of {count} pairs shows nothing")
    values = finite(distance, "distance", 1)
    chosen = hardest_pairs(values, same, count)
    columns = max(len(chosen.same), len(chosen.different))
    figure, axes = quiet_figure(2, columns, size=(max(1.5 * columns + 0.3, 3.8), 3.0))
    rows = (
        (chosen.same, SAME, "One identity, yet far apart"),
        (chosen.different, DIFFERENT, "Two identities, yet close together"),
    )
    for row, (pairs, colour, title) in enumerate(rows):
        for column in range(columns):
            one = axes[row * columns + column]
            bare(one)
            if column == 0:
                one.set_title(title, fontsize=9.5, color=colour, loc="left", weight="bold")
            if column >= len(pairs):
                continue
            first, second = sample(int(pairs[column]))
            one.imshow(_beside(first, second), interpolation="nearest")
            value = values[pairs[column]]
            right = threshold is not None and (value < threshold) == (row == 0)
            one.set_xlabel(f"{value:.3g}" + (" (right)" if right else ""), fontsize=9, color=INK, labelpad=3)
    figure.supxlabel(
        f"below the pairs: {unit}" + (f"; threshold {threshold:.3g}" if threshold is not None else ""),
        fontsize=9,
    )
    return figure


def _beside(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Two images side by side as one RGB image, a white line between them."""
    colour = [
        np.repeat(one[..., None], 3, axis=2) if one.ndim == 2 else one[..., :3] for one in (first, second)
    ]
    if colour[0].shape != colour[1].shape:
        raise ValueError(f"the images of a pair differ in shape: {first.shape} and {second.shape}")
    line = np.full((len(first), max(1, first.shape[1] // 24), 3), 255, dtype=np.uint8)
    return np.concatenate([colour[0], line, colour[1]], axis=1)
