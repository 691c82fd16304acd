"""How well the neighbours of an image show the same identity."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import finite, labels
from likeness.evaluation.comparison import EUCLIDEAN, Comparison

_BLOCK_VALUES = 1 << 22  # distances held at a time: 32 MiB


class QueryScores(NamedTuple):
    """Each query's scores `[Q]`: precision at 1, R-precision and average precision at R, all in [0, 1].

    `query [Q]` are the indices of the images that asked: all those whose identity has another image.
    """

    query: NDArray[np.int64]
    precision_at_1: NDArray[np.float64]
    r_precision: NDArray[np.float64]
    map_at_r: NDArray[np.float64]


def query_scores(
    embeddings: ArrayLike,
    identity: ArrayLike,
    comparison: Comparison = EUCLIDEAN,
    *,
    queries: int | None = None,
    seed: int = 0,
) -> QueryScores:
    """Lets every image of `embeddings [N, D]` ask among all others for the R that share its `identity [N]`.

    With `queries` only so many of them ask, drawn by `seed`: all N cost O(N^2 D).

    Neighbours are ranked by the distance of `comparison`, equal ones by index. With rel(i) = 1 where the i-th
    neighbour is of the query's identity and P(i) the precision among the first i,

        R-precision = (1/R) sum_{i<=R} rel(i),        MAP@R = (1/R) sum_{i<=R} rel(i) P(i)

    (Musgrave, Belongie and Lim 2020, "A Metric Learning Reality Check"). An image that is the only one of
    its identity asks nothing but stays in the gallery. Blockwise, in O(N D) memory. Raises ValueError
    if nothing can be asked.
    """
    rows = finite(embeddings, "embeddings", 2)
    _, identities = np.unique(labels(identity, "identity", len(rows)), return_inverse=True)
    wanted = np.bincount(identities)[identities] - 1  # R of each image
    # Queries with a like R share a block, so that no block sorts many more neighbours than it needs.
    asking = np.argsort(wanted, kind="stable")
    asking = asking[wanted[asking] > 0]
    if not len(asking):
        raise ValueError("retrieval needs an identity with at least 2 images, but every image is of its own")
    if queries is not None and queries < len(asking):
        draw = np.random.Generator(np.random.Philox(key=seed))
        asking = asking[np.sort(draw.permutation(len(asking))[:queries])]
    distances = comparison.rows(rows)
    scores = np.empty((3, len(rows)))
    step = max(1, _BLOCK_VALUES // len(rows))
    for start in range(0, len(asking), step):
        block = asking[start : start + step]
        to_all = distances(block)
        to_all[np.arange(len(block)), block] = np.inf  # never its own neighbour
        scores[:, block] = _block_scores(to_all, identities, identities[block], wanted[block])
    query = np.sort(asking)
    return QueryScores(query, *scores[:, query])


def _block_scores(
    distance: NDArray[np.float64],
    identities: NDArray[np.int64],
    asked: NDArray[np.int64],
    wanted: NDArray[np.int64],
) -> NDArray[np.float64]:
    """The three scores `[3, Q]` of queries for `asked [Q]`, `wanted [Q]` each, with distances `[Q, N]`."""
    farthest = wanted.max() - 1
    reach = np.partition(distance, farthest, axis=1)[:, farthest]
    row, column = np.nonzero(
        distance <= reach[:, None]
    )  # all that could be among the first R, in order of index
    order = np.lexsort((distance[row, column], row))  # stable: equal distances stay in order of index
    row, column = row[order], column[order]
    rank = np.arange(len(row)) - np.searchsorted(row, np.arange(len(asked)))[row]
    within = rank < wanted[row]
    row, column, rank = row[within], column[within], rank[within]
    hit = (identities[column] == asked[row]).astype(np.float64)
    found = np.cumsum(hit)
    starts = np.searchsorted(row, np.arange(len(asked)))
    found -= (found[starts] - hit[starts])[row]  # hits among the first rank + 1 of this query
    return np.stack(
        [
            hit[starts],
            np.bincount(row, hit, len(asked)) / wanted,
            np.bincount(row, hit * found / (rank + 1), len(asked)) / wanted,
        ]
    )
