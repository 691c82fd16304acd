"""A pyramid of sizes: which step trains the image at which size."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple


class Level(NamedTuple):
    """The steps `start`, ..., `stop - 1` train an image whose longer side has `size` pixels."""

    size: int
    start: int
    stop: int


def levels(sizes: Sequence[int], portions: Sequence[float] | None, total_steps: int) -> list[Level]:
    """The levels of a run of `total_steps` steps, in order.

    Args:
        sizes: the longer sides in pixels, from the smallest on.
        portions: each level's part of the steps, of any sum; None: parts inverse to the sizes, so that a level of twice
            the size, whose steps take four times as long, gets half as many. No level gets less than one step.
        total_steps: of the whole run.

    Raises:
        ValueError: sizes that don't grow, another number of portions, one that isn't positive, or too few steps.
    """
    if not sizes or any(larger <= smaller for smaller, larger in pairwise(sizes)):
        raise ValueError(f"sizes={list(sizes)} is no pyramid: give sizes that grow, such as [256, 512].")
    if portions is None:
        portions = [1 / size for size in sizes]
    if len(portions) != len(sizes) or min(portions) <= 0:
        raise ValueError(
            f"portions={list(portions)} doesn't divide the steps among the {len(sizes)} sizes {list(sizes)}: give "
            "a positive number for each."
        )
    if total_steps < len(sizes):
        raise ValueError(
            f"{total_steps} steps are too few for the {len(sizes)} sizes {list(sizes)}: train for more steps or "
            "leave `sizes` out."
        )
    whole = sum(portions)
    ends = [round(total_steps * part / whole) for part in accumulate(portions)]
    stops: list[int] = []
    for end, left in zip(ends, reversed(range(len(sizes))), strict=True):  # `left` levels are still to come
        stops.append(min(max(end, (stops[-1] if stops else 0) + 1), total_steps - left))
    return [Level(*each) for each in zip(sizes, [0, *stops], stops, strict=False)]


def level_at(levels: Sequence[Level], step: int) -> int:
    """The index of the level of step `step`; past the last step it is the last level."""
    return min(bisect_right([level.stop for level in levels], step), len(levels) - 1)
