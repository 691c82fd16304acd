"""The hardest positive and negative of all anchors from one half of their distances, which are symmetric.

The anchors lie identity by identity. A block of them is multiplied with those from its own first identity on: what its
rows say of the columns behind it, the columns need not say again.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from .anchors import Anchors
from .distance import Distance, Points, block_rows, slices, squared_distances
from .nearest import farthest_positive, nearest_negative, negatives_only

ROWS = 256  # of a block on a CPU: fewer slow its product down, more leave less of the other half out
GROUP = 8  # rows whose least is taken first


class Hardest(NamedTuple):
    """For each of A anchors the index of its farthest `positive` and nearest `negative`, and whether one is `found`.

    None in place of `found` says that all have one.
    """

    positive: Tensor
    negative: Tensor
    found: Tensor | None


def rows_at_a_time(batch: int, device: torch.device) -> int:
    """How many anchors make a block of a batch of so many samples: a multiple of `GROUP`."""
    rows = block_rows(batch, device)
    return max(1, (min(rows, ROWS) if device.type == "cpu" else rows) // GROUP) * GROUP


def hardest_by_halves(points: Points, anchors: Anchors, distance: Distance) -> Hardest:
    """The hardest samples of all anchors, exactly; among equals the lowest."""
    batch, count = len(points.embedding), len(anchors.anchor)
    positive, least, order = _looked_at(points, anchors, rows_at_a_time(batch, anchors.anchor.device))
    found = least.value < torch.finfo(least.value.dtype).max / 2
    doubtful = found & (least.second <= least.value + 2 * points.tolerance)
    negative = order[least.column]
    rows = doubtful.nonzero()[:, 0]
    for some in slices(len(rows), block_rows(batch, rows.device)):
        chosen = rows[some]
        part = anchors.chosen(chosen)
        squared = negatives_only(squared_distances(points, part.anchor), part)
        negative[chosen], sure = nearest_negative(points, part.anchor, squared, distance)
        if sure is not None:
            found[chosen] = sure
    farthest = [
        farthest_positive(points, anchors.part(part.start, part.stop), positive[part], distance)
        for part in slices(count, block_rows(batch, rows.device))
    ]
    return Hardest(torch.cat(farthest), negative, found)


class _Least(NamedTuple):
    """Of each anchor's distances to its negatives the least `value`, its `column`, and the `second` least."""

    value: Tensor
    column: Tensor
    second: Tensor


def _looked_at(points: Points, anchors: Anchors, rows: int) -> tuple[Tensor, _Least, Tensor]:
    """Squared distances within tolerance of the positives [A, K], of the nearest negatives; the columns' order [B]."""
    anchor, count = anchors.anchor, len(anchors.anchor)
    order = anchor
    if count < len(points.embedding):
        others = torch.ones_like(points.square, dtype=torch.bool)
        others[anchor] = False
        order = torch.cat([anchor, others.nonzero()[:, 0]])
    place = torch.empty_like(order)
    place[order] = torch.arange(len(order), device=order.device)
    positive = place[anchors.positive]
    own = torch.cat([place[anchor][:, None], positive], 1)
    centred, square = points.centred.index_select(0, order), points.square[order]
    largest = torch.finfo(square.dtype).max
    squared = torch.empty_like(positive, dtype=square.dtype)
    least = _Least(
        square.new_full((count,), largest), torch.zeros_like(anchor), square.new_full((count,), largest)
    )
    room = square.new_empty(min(rows, count) * len(order))  # memory that is there already, for all blocks
    firsts = own[::rows].amin(1).tolist()  # where the identity of each block's first anchor begins
    for start, first in zip(range(0, count, rows), firsts, strict=True):
        stop = min(start + rows, count)
        columns = len(order) - first
        block = room[: (stop - start) * columns].view(-1, columns)
        torch.addmm(square[first:], centred[start:stop], centred[first:].T, alpha=-2, out=block)
        block += square[start:stop, None]
        torch.gather(block, 1, positive[start:stop] - first, out=squared[start:stop])
        block.scatter_(1, own[start:stop] - first, largest)
        if stop < count:
            _bring_in(
                least, slice(stop, count), *_least_of_columns(block[:, stop - first : count - first], start)
            )
        _bring_in(least, slice(start, stop), *_least_of_rows(block, first))
    return squared, least, order


def _bring_in(least: _Least, of: slice, value: Tensor, column: Tensor, second: Tensor) -> None:
    """Merge what a block says of the anchors `of` a range into what is known of them."""
    known = least.value[of]
    least.second[of] = torch.minimum(torch.minimum(second, least.second[of]), torch.maximum(value, known))
    least.column[of] = torch.where(value < known, column, least.column[of])
    least.value[of] = torch.minimum(value, known)


def _least_of_rows(block: Tensor, offset: int) -> _Least:
    """Of each row of distances, which it changes; `column` counts from `offset`."""
    value, column = block.min(1)
    block.scatter_(1, column[:, None], torch.finfo(block.dtype).max)
    return _Least(value, column + offset, block.amin(1))


def _least_of_columns(block: Tensor, offset: int) -> _Least:
    """Of each column of distances; `column` is its row, from `offset` on.

    The least of `GROUP` rows far apart is found in one pass over memory, and what remains is a `GROUP`th.
    """
    parts = block.view(GROUP, -1, block.shape[1])
    leasts = parts.amin(0)
    best, row = leasts.min(0)
    leasts.scatter_(0, row[None], torch.finfo(block.dtype).max)
    within = parts[:, row, torch.arange(block.shape[1], device=block.device)]
    part = within.min(0).indices
    within.scatter_(0, part[None], torch.finfo(block.dtype).max)
    second = torch.minimum(within.amin(0), leasts.amin(0))
    return _Least(best, row + part * leasts.shape[0] + offset, second)
