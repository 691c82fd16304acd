"""A gallery held for exact search: float32 products find candidates within a proven error, float64 decides."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.search.nearest import Nearest

BLOCK_ROWS = 4096
"""Rows of a gallery that are compared with 256 probes at a time; with fewer probes, as many rows more."""

_PROBES = 256  # compared at a time
_FEW = 4  # probes, for which a product with each is faster than one with all
_GROUP = 16  # rows of which the products keep the least
_FOLDED = 64  # groups of groups among which one of the k nearest is sought, at least
_REFINED = 1 << 20  # values that are converted to float64, or sorted by their distances, at a time: 8 MiB
_SUBTRACTED = 1 << 16  # values that are subtracted at a time: 512 KiB, which stay in a core's cache
_U = 2.0**-24  # the unit roundoff of float32
_MOST_DIMENSIONS = 1 << 19  # beyond, the error of a product says nothing
_LARGEST = 2.0**30  # lengths up to it have products in float32


class RowPairs(NamedTuple):
    """Pairs of rows, `first [M]` < `second [M]`."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]


class _Single(NamedTuple):
    """Rows `[N, D]` in float32, less the `centre [D]`, times `scale`, and their squared lengths `[N]`."""

    rows: NDArray[np.float32]
    squares: NDArray[np.float64]
    centre: NDArray[np.float64] | None
    scale: float


class ExactIndex:
    """The rows of a gallery `[N, D]`, with what searches share, so that each costs little more than a matrix product.

    What it finds is what squared Euclidean distances by subtraction in float64 say, and of equal ones the lower row,
    whatever the block size. A product `p` of float32 rows `q` and `x` of D numbers is within `g |q| |x|` of the true
    one, in any order of summation, with `g = D u / (1 - D u)` and `u = 2^-24` (Higham 2002, "Accuracy and Stability of
    Numerical Algorithms", section 3.1). So `|x|^2 - 2 p + |q|^2` bounds each distance from both sides, and whatever
    these bounds leave open is compared by subtraction. Rows far from the origin are centred first, and very long or
    very short ones scaled by a power of two; only then, or for rows that are not float32, is there a copy of them.

    Raises:
        ValueError: the rows are no matrix, are not finite, or have more than 524,288 numbers.
    """

    def __init__(self, rows: ArrayLike) -> None:
        self.rows = np.asarray(rows)
        if self.rows.ndim != 2 or self.rows.shape[1] > _MOST_DIMENSIONS:
            raise ValueError(
                f"a gallery to search must be [N, D] with D up to {_MOST_DIMENSIONS:,}, but its shape is "
                f"{self.rows.shape}"
            )
        self._single = _single_of(self.rows)
        dimensions = self.rows.shape[1]
        self._error = dimensions * _U / (1 - dimensions * _U) + 8 * _U
        # Underflow and the subtraction's own rounding; both far below what the rest allows for.
        self._underflow = (dimensions + 4) * 2.0**-110
        self._weighted = (self._single.squares * (1 - self._error)).astype(np.float32)

    def __len__(self) -> int:
        return len(self.rows)

    def nearest(self, probes: ArrayLike, k: int, *, block_rows: int = BLOCK_ROWS) -> Nearest:
        """The k nearest rows to each of `probes [Q, D]` by squared Euclidean distance.

        Raises:
            ValueError: the probes are no matrix of D columns, or are not finite.
        """
        asked = self._probes(probes)
        k = min(k, len(self))
        result = Nearest(np.empty((len(asked), k)), np.empty((len(asked), k), dtype=np.int64))
        for start in range(0, len(asked) if k else 0, _PROBES):
            block = asked[start : start + _PROBES]
            least, limit = self._least_of_groups(block, k, block_rows)
            group, place = np.nonzero(~(least > limit))
            by_probe = np.argsort(place, kind="stable")
            found = self._nearest_among(block, place[by_probe], group[by_probe], k)
            for whole, part in zip(result, found, strict=True):
                whole[start : start + _PROBES] = part
        return result

    def pairs_below(self, threshold: float, *, start: int = 0, block_rows: int = 1024) -> Iterator[RowPairs]:
        """The pairs of rows whose squared distance is below `threshold` and whose second row is `start` or a later one.

        They come in blocks, ordered by nothing that counts; those of earlier rows, `start`, may be known already.
        """
        single, squares = self._single, self._single.squares
        scaled = threshold * single.scale**2
        buffer = np.empty((block_rows, block_rows), dtype=np.float32)
        for top in range(0, len(self), block_rows):
            end = min(top + block_rows, len(self))
            doubled = single.rows[top:end] * np.float32(-2)
            low, high = self._limits(squares[top:end], scaled)
            for left in range(max(top, start - start % block_rows), len(self), block_rows):
                right = min(left + block_rows, len(self))
                bounds = buffer[: end - top, : right - left]
                np.matmul(doubled, single.rows[left:right].T, out=bounds)
                bounds += self._weighted[left:right]
                first, second = np.divmod(np.flatnonzero(~(bounds > low[:, None])), right - left)
                open_ = ~(bounds[first, second] < high[first])
                first, second = first + top, second + left
                kept = (first < second) & (second >= start)
                first, second, open_ = first[kept], second[kept], open_[kept]
                open_[open_] = self._not_below(first[open_], second[open_], threshold)
                if not open_.all():
                    yield RowPairs(first[~open_], second[~open_])

    def distances(self, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.float64]:
        """The squared distances `[M]` of pairs of rows."""
        result = np.empty(len(first))
        step = max(1, _SUBTRACTED // max(1, self.rows.shape[1]))
        for start in range(0, len(first), step):
            block = slice(start, start + step)
            result[block] = _subtracted(self.rows[first[block]], self.rows[second[block]])
        return result

    def _probes(self, probes: ArrayLike) -> NDArray[np.floating]:
        asked = np.asarray(probes)
        if asked.ndim != 2 or asked.shape[1] != self.rows.shape[1]:
            raise ValueError(f"probes must be [Q, {self.rows.shape[1]}], but their shape is {asked.shape}")
        if not np.isfinite(asked).all():
            raise ValueError("probes hold numbers that are not finite")
        return asked

    def _least_of_groups(
        self, probes: NDArray[np.floating], k: int, block_rows: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The least lower bound in each of G groups of rows on the distance to each of P probes, `[G, P]`, and the most
        that one of the k nearest may have, `[P]`.
        """
        single = self._single
        asked, squares = _to_single(probes, single.centre, single.scale)
        asked *= -2
        columns = np.ascontiguousarray(asked.T)
        wide = _whole_groups(min(len(self), block_rows * _PROBES // len(probes)))
        bounds = np.empty((wide, len(probes)), dtype=np.float32)
        least = np.empty((-(-len(self) // _GROUP), len(probes)), dtype=np.float32)
        for start in range(0, len(self), wide):
            rows = single.rows[start : start + wide]
            if len(probes) <= _FEW:
                for place, one in enumerate(asked):
                    np.vecdot(rows, one, out=bounds[: len(rows), place])
            else:
                np.matmul(rows, columns, out=bounds[: len(rows)])
            bounds[: len(rows)] += self._weighted[start : start + wide, None]
            groups = -(-len(rows) // _GROUP)
            bounds[len(rows) : groups * _GROUP] = np.inf
            by_place = bounds[: groups * _GROUP].reshape(groups, _GROUP, len(probes)).swapaxes(0, 1)
            if (
                len(probes) <= _FEW
            ):  # NumPy takes the least of few long rows ten times as fast as of many short ones
                by_place = np.ascontiguousarray(by_place)
            by_place.min(axis=0, out=least[start // _GROUP :][:groups])
        limit = np.full(len(probes), np.inf)
        if k <= len(least):  # k groups hold k rows that are as near at least
            fold = max(1, len(least) // (_FOLDED * k))  # groups of groups do as well, and sort faster
            folded = least[: len(least) // fold * fold].reshape(-1, fold, len(probes)).min(axis=1)
            kth = np.partition(folded, k - 1, axis=0)[k - 1]
            limit = (kth + squares * (1 + 5.2 * self._error)) / (1 - 4.2 * self._error) + self._underflow
        low, _ = self._limits(squares, limit)
        return least, low

    def _limits(
        self, squares: NDArray[np.float64], distance: NDArray[np.float64] | float
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Bounds `[P]` of probes of these squared lengths: whatever lies above the first is farther than a distance,
        and whatever lies below the second is nearer.

        Let e be the relative error of a product and of all roundings. The lower bound L of a distance d has
        L <= d - (1 - e) |q|^2 and d (1 - 4 e) <= L + (1 + 5 e) |q|^2, as |x| <= |q| + the root of d.
        """
        e = self._error
        farther = distance * (1 + 1e-9) - squares * (1 - e) + self._underflow
        nearer = distance * (1 - 1e-9) * (1 - 4.2 * e) - squares * (1 + 5.2 * e) - self._underflow
        unknown = squares > _LARGEST**2  # float32 may overflow: all is compared by subtraction
        farther, nearer = np.where(unknown, np.inf, farther), np.where(unknown, -np.inf, nearer)
        outward = np.float32(np.inf)
        return (
            np.nextafter(farther.astype(np.float32), outward),
            np.nextafter(nearer.astype(np.float32), -outward),
        )

    def _nearest_among(
        self, probes: NDArray[np.floating], place: NDArray[np.int64], group: NDArray[np.int64], k: int
    ) -> Nearest:
        """The k nearest by subtraction, of P probes whose own `place [M]` is ascending, in the groups `group [M]`."""
        probe, row = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        distance = np.empty(0)
        step = max(1, _REFINED // (_GROUP * max(1, probes.shape[1])))
        for start in range(0, len(group), step):
            who = place[start : start + step]
            rows = group[start : start + step, None] * _GROUP + np.arange(_GROUP)
            there = rows < len(self)
            away = np.empty(rows.shape)
            few = max(1, _SUBTRACTED // (_GROUP * max(1, probes.shape[1])))
            for first in range(0, len(who), few):
                part = slice(first, first + few)
                near_rows = self.rows[np.minimum(rows[part], len(self) - 1)]
                away[part] = _subtracted(near_rows, probes[who[part], None])
            probe, row, distance = (
                np.concatenate(both)
                for both in (
                    (probe, who.repeat(there.sum(axis=1))),
                    (row, rows[there]),
                    (distance, away[there]),
                )
            )
            order = np.lexsort((row, distance, probe))
            probe, row, distance = probe[order], row[order], distance[order]
            near = np.arange(len(probe)) - np.searchsorted(probe, probe) < k
            probe, row, distance = probe[near], row[near], distance[near]
        return Nearest(distance.reshape(-1, k), row.reshape(-1, k))

    def _not_below(
        self, first: NDArray[np.int64], second: NDArray[np.int64], threshold: float
    ) -> NDArray[np.bool_]:
        return ~(self.distances(first, second) < threshold)


def _subtracted(rows: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.float64]:
    """Squared distances by subtraction, of rows that lie along the last axis."""
    difference = rows.astype(np.float64)
    difference -= others
    found: NDArray[np.float64] = np.einsum("...d,...d->...", difference, difference)
    return found


def _whole_groups(block_rows: int) -> int:
    return -(-block_rows // _GROUP) * _GROUP


def _single_of(rows: NDArray[np.floating]) -> _Single:
    count, dimensions = rows.shape
    step = max(1, _REFINED // max(1, dimensions))
    total, squares = np.zeros(dimensions), np.empty(count)
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, count, step):
            block = rows[start : start + step].astype(np.float64)
            total += block.sum(axis=0)
            squares[start : start + step] = np.einsum("nd,nd->n", block, block)
    if not np.isfinite(squares).all():
        raise ValueError("a gallery to search holds numbers that are not finite, or are too large to square")
    centre = total / max(1, count)
    far = bool(count) and float(centre @ centre) > 0.5 * squares.mean()
    largest = float(np.sqrt(squares.max(initial=0.0)))
    fits = largest == 0 or 1 / _LARGEST < largest < _LARGEST
    if rows.dtype == np.float32 and rows.flags.c_contiguous and fits and not far:
        return _Single(rows, squares, None, 1.0)
    result = np.empty((count, dimensions), dtype=np.float32)
    spread = squares if not far else np.empty(count)
    if far:
        for start in range(0, count, step):
            block = rows[start : start + step].astype(np.float64) - centre
            spread[start : start + step] = np.einsum("nd,nd->n", block, block)
    longest = float(np.sqrt(spread.max(initial=0.0)))
    scale = 2.0 ** -round(math.log2(longest)) if longest > 0 else 1.0
    for start in range(0, count, step):
        part = slice(start, start + step)
        result[part], squares[part] = _to_single(rows[part], centre if far else None, scale)
    return _Single(result, squares, centre if far else None, scale)


def _to_single(
    rows: NDArray[np.floating], centre: NDArray[np.float64] | None, scale: float
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Rows in float32, centred and scaled, and their squared lengths as they are then; too long ones are zero."""
    exact = rows.astype(np.float64)
    if centre is not None:
        exact -= centre
    exact *= scale
    squares: NDArray[np.float64] = np.einsum("nd,nd->n", exact, exact)
    exact[squares > _LARGEST**2] = 0
    single = exact.astype(np.float32)
    shown = single.astype(np.float64)
    return single, np.where(squares > _LARGEST**2, squares, np.einsum("nd,nd->n", shown, shown))
