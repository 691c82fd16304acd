"""The nearest negative of each anchor, exactly: hardest of all, or hardest beyond a positive."""

from typing import NamedTuple

import torch
from torch import Tensor

from .anchors import Anchors
from .distance import Distance, Points, measured, pair_squared_distances


class Nearest(NamedTuple):
    """`found` [R] bool; `negative` [R] index (meaningless where none was found); `value` [R] its distance."""

    found: Tensor
    negative: Tensor
    value: Tensor


def negatives_only(squared: Tensor, anchors: Anchors) -> Tensor:
    """Overwrites, in `squared` [R, B], each anchor and its positives with the largest finite number."""
    own = torch.cat([anchors.anchor[:, None], anchors.positive], 1)
    return squared.scatter_(1, own, torch.finfo(squared.dtype).max)


def nearest_negative(
    points: Points, anchor: Tensor, squared: Tensor, distance: Distance, beyond: Tensor | None = None
) -> Nearest:
    """The nearest negative of each row, or with `beyond` the nearest that is strictly farther than that.

    Args:
        points: the batch, B points.
        anchor: [R] the rows' indices.
        squared: [R, B] squared distances within the points' tolerance, as `negatives_only` leaves them.
        distance: what the result and `beyond` are measured in.
        beyond: [R] squared distances, exact.

    Whatever the matrix product leaves undecided is decided by direct subtraction; among equals the lowest
    index wins.
    """
    largest = torch.finfo(squared.dtype).max
    if beyond is None:
        best = squared.amin(1)
        candidate = squared <= (best + 2 * points.tolerance).clamp(max=largest / 2)[:, None]
    else:
        doubt = points.tolerance + 8 * torch.finfo(squared.dtype).eps * beyond
        best = torch.where(squared > (beyond + doubt)[:, None], squared, largest).amin(1)
        candidate = squared <= (best + 2 * points.tolerance).clamp(max=largest / 2)[:, None]
        candidate &= squared > (beyond - doubt)[:, None]
    row, column = candidate.nonzero(as_tuple=True)
    value = measured(pair_squared_distances(points.embedding, anchor[row], column), distance)
    if beyond is not None:
        farther = value > measured(beyond, distance)[row]
        row, column, value = row[farther], column[farther], value[farther]
    lowest = torch.full_like(best, torch.inf).scatter_reduce_(0, row, value, "amin")
    nearest = value == lowest[row]
    batch = squared.shape[1]
    index = torch.full_like(anchor, batch).scatter_reduce_(0, row[nearest], column[nearest], "amin")
    return Nearest(index < batch, index.clamp(max=batch - 1), lowest)
