"""The hardest positive and negative of each anchor, exactly: found in a matrix product, checked by subtraction."""

import torch
from torch import Tensor

from .anchors import Anchors
from .distance import Distance, Points, measured, pair_squared_distances


def negatives_only(squared: Tensor, anchors: Anchors) -> Tensor:
    """Overwrites, in `squared` [R, B], each anchor and its positives with the largest finite number."""
    own = torch.cat([anchors.anchor[:, None], anchors.positive], 1)
    return squared.scatter_(1, own, torch.finfo(squared.dtype).max)


def farthest_positive(points: Points, anchors: Anchors, squared: Tensor, distance: Distance) -> Tensor:
    """Index [R] of the farthest positive of each of R anchors; among equals the lowest.

    Args:
        points: the batch, B points.
        anchors: R anchors of it, with K slots for positives.
        squared: [R, K] squared distances of the positives within the points' tolerance.
        distance: what equals are equal in.
    """
    squared = squared.masked_fill(~anchors.valid, -torch.inf)
    best, slot = squared.max(1)
    candidate = squared >= (best - 2 * points.tolerance)[:, None]
    chosen = anchors.positive.gather(1, slot[:, None])[:, 0]
    doubtful = (candidate.sum(1) > 1).nonzero()[:, 0]
    if len(doubtful):
        row, slot = candidate[doubtful].nonzero(as_tuple=True)
        index = anchors.positive[doubtful[row], slot]
        value = pair_squared_distances(points.embedding, anchors.anchor[doubtful[row]], index)
        chosen[doubtful] = _lowest_of_the_least(-measured(value, distance), row, index, len(doubtful))
    return chosen


def nearest_negative(
    points: Points, anchor: Tensor, squared: Tensor, distance: Distance, beyond: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """The nearest negative of each row, or with `beyond` the nearest that is strictly farther than that.

    Args:
        points: the batch, B points.
        anchor: [R] the rows' indices.
        squared: [R, B] squared distances within the points' tolerance, as `negatives_only` leaves them.
        distance: what equals are equal in.
        beyond: [R] squared distances, exact.

    Returns:
        Index [R] of that negative, among equals the lowest; and [R] bool, whether there is one.
    """
    largest = torch.finfo(squared.dtype).max
    if beyond is None:
        best, index = squared.min(1)
        second = squared.scatter_(1, index[:, None], largest).amin(1)
        squared.scatter_(1, index[:, None], best[:, None])
        doubtful = second <= best + 2 * points.tolerance
    else:
        doubt = points.tolerance + 8 * torch.finfo(squared.dtype).eps * beyond
        farther = squared > (beyond + doubt)[:, None]
        others = torch.where(farther, squared, largest)
        best, index = others.min(1)
        others.scatter_(1, index[:, None], largest)
        doubtful = others.amin(1) <= best + 2 * points.tolerance
        doubtful |= squared.masked_fill(farther, -torch.inf).amax(1) > beyond - doubt
    found = best < largest / 2
    rows = (doubtful & (found | (beyond is not None))).nonzero()[:, 0]
    if len(rows):
        part = None if beyond is None else beyond[rows]
        index[rows], found[rows] = _nearest_by_subtraction(
            points, anchor[rows], squared[rows], distance, part
        )
    return index, found


def _nearest_by_subtraction(
    points: Points, anchor: Tensor, squared: Tensor, distance: Distance, beyond: Tensor | None
) -> tuple[Tensor, Tensor]:
    """`nearest_negative` of rows in which rounding leaves more than one candidate, or whether it is farther."""
    largest = torch.finfo(squared.dtype).max
    if beyond is None:
        candidate = squared <= (squared.amin(1) + 2 * points.tolerance).clamp(max=largest / 2)[:, None]
    else:
        doubt = points.tolerance + 8 * torch.finfo(squared.dtype).eps * beyond
        best = torch.where(squared > (beyond + doubt)[:, None], squared, largest).amin(1)
        candidate = squared <= (best + 2 * points.tolerance).clamp(max=largest / 2)[:, None]
        candidate &= squared > (beyond - doubt)[:, None]
    row, index = candidate.nonzero(as_tuple=True)
    value = measured(pair_squared_distances(points.embedding, anchor[row], index), distance)
    if beyond is not None:
        farther = value > measured(beyond, distance)[row]
        row, index, value = row[farther], index[farther], value[farther]
    chosen = _lowest_of_the_least(value, row, index, len(anchor))
    found = chosen < squared.shape[1]
    return chosen.where(found, 0), found


def _lowest_of_the_least(value: Tensor, row: Tensor, index: Tensor, rows: int) -> Tensor:
    """For each row, the lowest `index` [M] among those with the least `value` [M]; the largest int64 for none."""
    least = value.new_full((rows,), torch.inf).scatter_reduce_(0, row, value, "amin")
    tied = value == least[row]
    none = torch.iinfo(index.dtype).max
    return index.new_full((rows,), none).scatter_reduce_(0, row[tied], index[tied], "amin")
