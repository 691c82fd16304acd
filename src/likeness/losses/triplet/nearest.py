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
    if anchors.padded:
        squared = squared.masked_fill(~anchors.valid, -torch.inf)
    best = squared.amax(1, keepdim=True)
    candidate = squared >= torch.sub(best, points.tolerance, alpha=2)
    only = anchors.positive.masked_select(candidate)
    if len(only) == len(squared):  # one in each row
        return only
    slot = squared.max(1, keepdim=True).indices
    chosen = anchors.positive.gather(1, slot)[:, 0]
    doubtful = (candidate.sum(1) > 1).nonzero()[:, 0]
    if len(doubtful):
        row, slot = candidate[doubtful].nonzero(as_tuple=True)
        index = anchors.positive[doubtful[row], slot]
        value = pair_squared_distances(points.embedding, anchors.anchor[doubtful[row]], index)
        chosen[doubtful] = _lowest_of_the_least(-measured(value, distance), row, index, len(doubtful))
    return chosen


def nearest_negative(
    points: Points, anchor: Tensor, squared: Tensor, distance: Distance, beyond: Tensor | None = None
) -> tuple[Tensor, Tensor | None]:
    """The nearest negative of each row, or with `beyond` the nearest that is strictly farther than that.

    Args:
        points: the batch, B points.
        anchor: [R] the rows' indices.
        squared: [R, B] squared distances within the points' tolerance, as `negatives_only` leaves them.
        distance: what equals are equal in.
        beyond: [R] squared distances, exact.

    Returns:
        Index [R] of that negative, among equals the lowest; and [R] bool, whether there is one, or None where all rows
        have one.
    """
    candidate = _candidates(points, squared, beyond)
    places = candidate.nonzero()
    row, index = places[:, 0], places[:, 1]
    if len(places) == len(squared):  # one in each row, as what is no negative comes at least twice
        return index, None
    count = torch.bincount(row, minlength=len(squared))
    index = row.new_zeros(len(squared)).scatter_(0, row, index)
    found = torch.ones_like(index, dtype=torch.bool)
    rows = (count != 1).nonzero()[:, 0]
    part = None if beyond is None else beyond[rows]
    index[rows], found[rows] = _nearest_by_subtraction(points, anchor[rows], squared[rows], distance, part)
    return index, found


def _candidates(points: Points, squared: Tensor, beyond: Tensor | None) -> Tensor:
    """What may be the nearest negative of each row [R, B] bool: as far as rounding tells, the nearest one, or several.

    Of a row that has none, at least two are: itself and its positives, as `negatives_only` leaves them.
    """
    if beyond is None:
        best = squared.amin(1, keepdim=True)
        return squared <= torch.add(best, points.tolerance, alpha=2)
    beyond = beyond[:, None]
    doubt = torch.add(points.tolerance, beyond, alpha=8 * torch.finfo(squared.dtype).eps)
    nearer = squared <= beyond + doubt
    best = squared.masked_fill(nearer, torch.finfo(squared.dtype).max).amin(1, keepdim=True)
    return (squared <= torch.add(best, points.tolerance, alpha=2)).logical_and_(squared > beyond - doubt)


def _nearest_by_subtraction(
    points: Points, anchor: Tensor, squared: Tensor, distance: Distance, beyond: Tensor | None
) -> tuple[Tensor, Tensor]:
    """`nearest_negative` of rows in which rounding leaves more than one candidate, or whether it is farther."""
    candidate = _candidates(points, squared, beyond) & (squared <= torch.finfo(squared.dtype).max / 2)
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
