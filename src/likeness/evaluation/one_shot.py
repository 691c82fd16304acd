"""One-shot recognition: whether the nearest of N classes is the right one."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import finite, labels
from likeness.evaluation.bootstrap import query_intervals
from likeness.evaluation.comparison import PairDistances
from likeness.evaluation.episodes import Episodes
from likeness.evaluation.metric import Metric


def episode_distances(pairs: PairDistances, embeddings: ArrayLike, episodes: Episodes) -> NDArray[np.float64]:
    """The distances `[E, N, N, K]` of each query to each image of each class, by `Comparison.pairs`.

    The episodes are over the rows of `embeddings [M, D]`.
    """
    shape = (*episodes.query.shape, *episodes.support.shape[1:])
    query = np.broadcast_to(episodes.query[:, :, None, None], shape)
    support = np.broadcast_to(episodes.support[:, None], shape)
    return pairs(embeddings, query.ravel(), support.ravel()).reshape(shape)


def one_shot_scores(distance: ArrayLike) -> NDArray[np.float64]:
    """Whether each query's nearest class is its own, `[E, N]`, from its distances `[E, N, N, K]`.

    A class is as far as its K images are on average. Where the right class ties with others, the score is one over
    their number, so that an encoder that tells nothing apart scores 1/N.
    """
    to_class = finite(distance, "distance", 4).mean(axis=3)
    nearest = to_class == to_class.min(axis=2, keepdims=True)
    right = np.diagonal(nearest, axis1=1, axis2=2)
    return np.asarray(right / nearest.sum(axis=2), dtype=np.float64)


def evaluate_one_shot(
    scores: ArrayLike, cluster: ArrayLike, *, resamples: int = 1000, seed: int = 0
) -> Metric:
    """The share of the queries recognised, from their `scores [E, N]`; it counts the queries.

    The interval is over the clusters `[E, N]` of `Episodes`. Of few clusters it is too narrow, as bootstraps are: of 20
    it covers about 90%.
    """
    values, clusters = finite(scores, "scores", 2), labels(np.ravel(np.asarray(cluster)), "cluster")
    interval = query_intervals(values.reshape(1, -1), clusters, resamples=resamples, seed=seed)[0]
    return Metric(float(values.mean()), values.size, *interval)
