"""Distances between embeddings: many at once by matrix products, chosen ones by direct subtraction.

`||a - b||^2 = ||a||^2 + ||b||^2 - 2 <a, b>` costs one matrix product for all pairs, but its error is relative
to the norms, not to the distance: near-duplicates come out as noise, and equal distances come out unequal. So
it is only used to look (centred first, which keeps a collapsing encoding in focus); every comparison that it
cannot decide beyond its `tolerance`, and every distance that enters a loss alone, is decided by subtracting.
"""

from typing import Literal, NamedTuple

import torch
from torch import Tensor

Distance = Literal["squared", "plain"]


class Points(NamedTuple):
    """A batch of embeddings, with what pairwise distances need.

    `embedding` [B, D]; `centred` [B, D], the embedding less its mean; `square` [B], the centred squared
    norms and `largest` 0-d of them; `tolerance` 0-d, more than a squared distance from a matrix product is ever off by.
    """

    embedding: Tensor
    centred: Tensor
    square: Tensor
    largest: Tensor
    tolerance: Tensor

    @property
    def near(self) -> Tensor:
        """0-d: the squared distance below which a product's error is no longer small beside the distance itself."""
        eps: float = torch.finfo(self.largest.dtype).eps
        return eps ** (1 / 3) * self.largest


def points(embedding: Tensor) -> Points:
    """`embedding` [B, D], B at least 1, float32 or float64, made ready for `squared_distances`."""
    centred = embedding - embedding[0]  # first, so that equal embeddings become exactly 0
    centred -= centred.mean(0)
    square = centred.square().sum(1)
    eps = torch.finfo(embedding.dtype).eps
    largest = square.max()
    # Rounding errors of a product of length D add up like a random walk, hence the root. The constants are near
    # twice the largest error seen over widths of 2 to 2048 and all sorts of distributions.
    tolerance = (12 + embedding.shape[1] ** 0.5) * eps * largest
    return Points(embedding, centred, square, largest, tolerance)


def picked(table: Tensor, rows: Tensor) -> Tensor:
    """A copy of the `rows` [R] of a [B, D] table: whole rows at a time, up to three times as fast as indexing."""
    return table.index_select(0, rows)


def squared_distances(points: Points, rows: Tensor) -> Tensor:
    """Squared distances [R, B] of the points `rows` [R] to all, by a matrix product: within `tolerance`."""
    block = torch.addmm(points.square, picked(points.centred, rows), points.centred.T, alpha=-2)
    return block.add_(points.square[rows, None])


def block_rows(batch: int, device: torch.device) -> int:
    """How many rows of a [B, B] matrix are held at a time: 4 MiB on a CPU (its cache), 256 MiB elsewhere."""
    return max(1, (2**20 if device.type == "cpu" else 2**26) // max(batch, 1))


def slices(count: int, step: int) -> list[slice]:
    """0 to `count`, in runs of at most `step`."""
    return [slice(start, start + step) for start in range(0, count, step)]


def pair_squared_distances(embedding: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Squared distances [M] of the pairs (`first` [M], `second` [M]), by subtraction: exact to rounding."""
    step = block_rows(embedding.shape[1], embedding.device)
    if len(first) <= step:
        return picked(embedding, first).sub_(picked(embedding, second)).square_().sum(1)
    squared = embedding.new_empty(len(first))
    for part in slices(len(first), step):
        squared[part] = picked(embedding, first[part]).sub_(picked(embedding, second[part])).square_().sum(1)
    return squared


def add_pair_gradient(
    gradient: Tensor, embedding: Tensor, first: Tensor, second: Tensor, weight: Tensor
) -> None:
    """Adds to `gradient` [B, D] that of `sum_m weight[m] ||x[first[m]] - x[second[m]]||^2`, in place."""
    step = block_rows(embedding.shape[1], embedding.device)
    for part in slices(len(first), step):
        i, j = first[part], second[part]
        pull = picked(embedding, i).sub_(picked(embedding, j)).mul_(2 * weight[part, None])
        gradient.index_add_(0, i, pull)
        gradient.index_add_(0, j, pull, alpha=-1)


def add_block_gradient(gradient: Tensor, points: Points, rows: Tensor, weight: Tensor) -> None:
    """Adds to `gradient` [B, D] that of `sum_rj weight[r, j] ||x[rows[r]] - x[j]||^2`, weight [R, B], in
    place.
    """
    centred = points.centred
    own = picked(centred, rows)
    # index_add_ holds for rows that repeat, although callers' rows do not.
    gradient.index_add_(
        0, rows, (weight.sum(1, keepdim=True) * own).addmm_(weight, centred, alpha=-1), alpha=2
    )
    gradient.add_((weight.sum(0)[:, None] * centred).addmm_(weight.T, own, alpha=-1), alpha=2)


def measured(squared: Tensor, distance: Distance) -> Tensor:
    """Squared distances as the distance asked for; what rounding made negative counts as 0."""
    return squared.clamp(min=0) if distance == "squared" else squared.clamp(min=0).sqrt_()


def measured_in_place(squared: Tensor, distance: Distance) -> Tensor:
    """`measured`, over squared distances that nobody needs any more and none of which is negative."""
    return squared if distance == "squared" else squared.sqrt_()


def slope(value: Tensor, distance: Distance) -> Tensor:
    """Derivative of the measured distance `value` by the squared one; plain distance 0 gets the subgradient
    0.
    """
    if distance == "squared":
        return torch.ones_like(value)
    return torch.where(value > 0, 0.5 / value, torch.zeros_like(value))
