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

ROWS = (
    256  # of a block on a CPU: fewer would slow its product down, more would leave less of the other half out
)


class Hardest(NamedTuple):
    """For each of A anchors the index of its farthest `positive` and nearest `negative`, and whether one is `found`."""

    positive: Tensor
    negative: Tensor
    found: Tensor


def rows_at_a_time(batch: int, device: torch.device) -> int:
    """How many anchors make a block of a batch of so many samples."""
    rows = block_rows(batch, device)
    return min(rows, ROWS) if device.type == "cpu" else rows


def hardest_by_halves(points: Points, anchors: Anchors, distance: Distance) -> Hardest:
    """The hardest samples of all anchors, exactly; among equals the lowest."""
    batch, count = len(points.embedding), len(anchors.anchor)
    positive, least, order = _looked_at(points, anchors, rows_at_a_time(batch, anchors.anchor.device))
    found = least.value < torch.finfo(least.value.dtype).max / 2
    doubtful = found & (least.second <= least.value + 2 * points.tolerance)
    negative = order[least.column]
    rows = doubtful.nonzero()[:, 0]
    for chosen in rows.split(block_rows(batch, rows.device)):
        part = Anchors(*(column[chosen] for column in anchors))
        squared = negatives_only(squared_distances(points, part.anchor), part)
        negative[chosen], found[chosen] = nearest_negative(points, part.anchor, squared, distance)
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
    """Squared distances within tolerance of the positives [A, K], of the nearest negatives, and the columns' order [B]."""
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
    firsts = own[::rows].amin(1).tolist()  # where the identity of each block's first anchor begins
    for start, first in zip(range(0, count, rows), firsts, strict=True):
        stop = min(start + rows, count)
        block = torch.addmm(square[first:], centred[start:stop], centred[first:].T, alpha=-2)
        block += square[start:stop, None]
        torch.gather(block, 1, positive[start:stop] - first, out=squared[start:stop])
        block.scatter_(1, own[start:stop] - first, largest)
        _keep_least(least, slice(start, stop), block, 1, first)
        if stop < count:
            _keep_least(least, slice(stop, count), block[:, stop - first : count - first], 0, start)
    return squared, least, order


def _keep_least(least: _Least, of: slice, block: Tensor, dim: int, offset: int) -> None:
    """Bring in the distances along `dim` of a block, for the anchors that lie along the other; `block` stays as it is."""
    value, column = block.min(dim)
    across = column.unsqueeze(dim)
    block.scatter_(dim, across, torch.finfo(block.dtype).max)
    second = block.amin(dim)
    block.scatter_(dim, across, value.unsqueeze(dim))
    known = least.value[of]
    least.second[of] = torch.minimum(torch.minimum(second, least.second[of]), torch.maximum(value, known))
    least.column[of] = torch.where(value < known, column + offset, least.column[of])
    least.value[of] = torch.minimum(value, known)
