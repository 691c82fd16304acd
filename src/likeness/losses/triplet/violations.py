"""Counts of the triplets that violate a margin, for all positives and negatives of an anchor at once.

The gradient of a sum of hinges `max(d_ap - d_an + margin, 0)` by the distances is made of counts: for each
positive the number of its active negatives, for each negative the number of its active positives. A
positive's active negatives lie between two cut-offs on the line of distances, so no triplet needs listing:
sort each anchor's cut-offs, binary-search each negative's place among them, and take prefix sums over the
places. With K positives to an anchor that is O(B^2 log K) time, where sorting the negatives and searching the
positives would take O(B^2 log B).
"""

from typing import NamedTuple

import torch
from torch import Tensor

from .anchors import Anchors
from .distance import Distance, Points, measured, pair_squared_distances, slices


class Violations(NamedTuple):
    """For R anchors: `per_positive` [R, K] int64 and `per_negative` [R, B] (as floats) counts of active
    triplets.

    `row`, `column`, `value` [M]: the pairs whose squared distance was too close to a cut-off, or to 0, for a
    matrix product, and that distance by direct subtraction.
    """

    per_positive: Tensor
    per_negative: Tensor
    row: Tensor
    column: Tensor
    value: Tensor


class _Places(NamedTuple):
    """Cut-offs [R, E] ascending, and what holds in each of the E + 1 places between them."""

    cutoff: Tensor
    active: Tensor  # [R, E + 1] int64: the number of active positives
    open: Tensor  # [R, E + 1] bool: must be decided directly
    first: Tensor | None  # [R, K] the place before a positive's first sure negative
    last: Tensor  # [R, K] the place of its last sure negatives


def _places(
    points: Points, anchors: Anchors, positive: Tensor, margin: float, distance: Distance, semi_hard: bool
) -> _Places:
    """The cut-offs of each positive, as squared distances, each widened to its interval of doubt."""
    eps = torch.finfo(positive.dtype).eps
    upper = positive + margin if distance == "squared" else (positive.sqrt() + margin).square()
    doubt = points.tolerance + 8 * eps * upper
    valid = anchors.valid.long()
    cutoffs = [upper - doubt, upper + doubt]
    active = [-valid, torch.zeros_like(valid)]
    doubtful = [valid, -valid]
    if semi_hard:
        doubt = points.tolerance + 8 * eps * positive
        above = torch.full_like(positive, torch.inf)  # a tie with the positive lies below the cut-off
        lower = [torch.nextafter(positive - doubt, above), torch.nextafter(positive + doubt, above)]
        cutoffs = [torch.maximum(high, low) for high, low in zip(cutoffs, lower, strict=True)] + lower
        active += [torch.zeros_like(valid), valid]
        doubtful += [valid, -valid]
    slots = valid.shape[1]
    before_active = torch.zeros_like(valid[:, :1]) if semi_hard else valid.sum(1, keepdim=True)
    before_doubtful = torch.zeros_like(before_active)
    if distance == "plain":  # whose slope magnifies the error of a small distance
        cutoffs.append(points.near.expand(len(valid), 1))
        active.append(torch.zeros_like(before_active))
        doubtful.append(-torch.ones_like(before_active))
        before_doubtful = torch.ones_like(before_active)
    cutoff, order = torch.cat(cutoffs, 1).sort(1)
    rank = torch.argsort(order, 1)
    active_at = torch.cat([before_active, torch.cat(active, 1).gather(1, order)], 1).cumsum(1)
    doubtful_at = torch.cat([before_doubtful, torch.cat(doubtful, 1).gather(1, order)], 1).cumsum(1)
    first = rank[:, 3 * slots : 4 * slots] if semi_hard else None
    return _Places(cutoff, active_at, doubtful_at > 0, first, rank[:, :slots])


def count_violations(
    points: Points,
    anchors: Anchors,
    squared: Tensor,
    positive: Tensor,
    margin: float,
    distance: Distance,
    semi_hard: bool,
) -> Violations:
    """Counts the triplets with `d_ap - d_an + margin > 0`, with `semi_hard` only those with `d_ap < d_an`
    too.

    Args:
        points: the batch, B points.
        anchors: R anchors of it.
        squared: [R, B] their squared distances within the points' tolerance, as `negatives_only` leaves them;
        the
            pairs that are decided directly are corrected in place.
        positive: [R, K] squared distances of the positives, exact.
        margin: at least 0, in units of `distance`.
        distance: what the comparison is made in.
        semi_hard: count semi-hard triplets only.
    """
    places = _places(points, anchors, positive, margin, distance, semi_hard)
    rows, count = places.active.shape
    place = torch.searchsorted(places.cutoff, squared, right=True)
    weight = torch.where(places.open, -1, places.active).to(squared.dtype)
    per_negative = weight.gather(1, place)
    place += count * torch.arange(rows, device=place.device)[:, None]
    population = torch.bincount(place.view(-1), minlength=rows * count).view(rows, count)
    del place
    sure = population.masked_fill_(places.open, 0).cumsum_(1)
    per_positive = sure.gather(1, places.last)
    if places.first is not None:
        per_positive -= sure.gather(1, places.first)
    per_positive.masked_fill_(~anchors.valid, 0)

    row, column = (per_negative < 0).nonzero(as_tuple=True)
    value = pair_squared_distances(points.embedding, anchors.anchor[row], column)
    squared[row, column] = value
    own = measured(positive, distance)
    step = max(1, 2**22 // max(anchors.valid.shape[1], 1))
    for part in slices(len(row), step):
        i, j = row[part], column[part]
        negative = measured(value[part], distance)[:, None]
        active = (own[i] - negative + margin > 0) & anchors.valid[i]
        if semi_hard:
            active &= own[i] < negative
        per_positive.index_add_(0, i, active.long())
        per_negative[i, j] = active.sum(1).to(per_negative.dtype)
    return Violations(per_positive, per_negative, row, column, value)
