"""Measure encoders on people they never saw: the same pairs for each, and what is found by them."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from omegaconf import DictConfig

from likeness.data.pictures import Pairs
from likeness.data.skipping import SkippingBroken
from likeness.errors import LikenessError
from likeness.evaluation import (
    Comparison,
    Episodes,
    Judge,
    Metric,
    episode_distances,
    evaluate_judge,
    evaluate_one_shot,
    evaluate_pairs,
    evaluate_retrieval,
    one_shot_scores,
)
from likeness.runs.encodings.measuring.encode import Encoder, encode, pixel_distances, pixel_episode_distances


class TestData(NamedTuple):
    """What there is to measure on.

    The `pictures` of people, the `pairs` to judge, whether the people are `all_known` beyond those pairs, and by their
    kind the `episodes` of one-shot recognition.
    """

    pictures: SkippingBroken
    pairs: Pairs
    all_known: bool
    episodes: Mapping[str, Episodes]


class Contender(NamedTuple):
    """What is measured: an encoder of pictures, by what two of its encodings are held apart, and how that is judged."""

    encoder: Encoder
    comparison: Comparison
    judge: Judge | None = None


class OneShot(NamedTuple):
    """Of each contender by its name the scores `[E, N]` of the episodes' queries, and the cluster of each, `[E, N]`."""

    scores: dict[str, NDArray[np.float64]]
    cluster: NDArray[np.int64]


class Measured(NamedTuple):
    """What was measured of each contender, by its name, on the test pictures that could be read.

    `identity [N]` and `pictures [N]` (their indices in the data) belong to the rows of `embeddings [N, D]`;
    `pairs` are pairs of rows; `distances [M]` are those of the pairs, in their `units`, and
    `probabilities [M]`, where there is a judge, those that they are of one person; `one_shot` are the episodes by kind.
    """

    pictures: NDArray[np.int64]
    identity: NDArray[np.int64]
    pairs: Pairs
    metrics: dict[str, dict[str, Metric]]
    distances: dict[str, NDArray[np.float64]]
    units: dict[str, str]
    probabilities: dict[str, NDArray[np.float64]]
    embeddings: dict[str, NDArray[np.float32]]
    one_shot: dict[str, OneShot]


def measure(
    contenders: Mapping[str, Contender], data: TestData, config: DictConfig, *, device: torch.device
) -> Measured:
    """Measure each contender, and raw pixels, on the same pairs of the test people.

    Raises:
        LikenessError: too few pictures could be read, or an encoder gave something that is not a number.
    """
    try:
        return _measured(contenders, data, config, device)
    except ValueError as error:
        raise LikenessError(f"The test data can't be measured: {error}.") from error


def _measured(
    contenders: Mapping[str, Contender], data: TestData, config: DictConfig, device: torch.device
) -> Measured:
    settings = config.evaluation
    encoded: dict[Encoder, NDArray[np.float32]] = {}
    for encoder in {contender.encoder: None for contender in contenders.values()}:  # in order, each once
        pictures, encoded[encoder] = encode(
            encoder,
            data.pictures,
            device=device,
            batch_size=settings.batch_size,
            workers=config.loader.workers,
            flip=settings.flip,
        )
    embeddings = {name: encoded[contender.encoder] for name, contender in contenders.items()}
    identity = data.pictures.identity[pictures]
    pairs = rows_of(data.pairs, pictures)
    distances = {
        name: contenders[name].comparison.pairs(rows, pairs.first, pairs.second)
        for name, rows in embeddings.items()
    }
    distances["raw pixels"] = pixel_distances(data.pictures, pictures[pairs.first], pictures[pairs.second])
    resampling = {"resamples": settings.resamples, "seed": config.seed}
    first, second = identity[pairs.first], identity[pairs.second]
    if (
        not data.all_known
    ):  # a chain of "same" pairs may link the two of a "different" one: the pair's word counts
        second = np.where(pairs.same == (first == second), second, -1 - second)
    metrics = {
        name: evaluate_pairs(distance, pairs.same, pairs.fold, first, second, **resampling)
        for name, distance in distances.items()
    }
    probabilities = {}
    for name, contender in contenders.items():
        if contender.judge is not None:
            distance = distances[name]
            metrics[name] |= evaluate_judge(
                contender.judge, distance, pairs.same, first, second, **resampling
            )
            probabilities[name] = contender.judge.calibration.probability(distance)
    for name, rows in embeddings.items() if data.all_known else ():
        metrics[name] |= evaluate_retrieval(
            rows, identity, contenders[name].comparison, queries=settings.get("queries"), **resampling
        )
    one_shot = {
        kind: _one_shot(episodes, embeddings, contenders, data.pictures, pictures)
        for kind, episodes in data.episodes.items()
    }
    for kind, found in one_shot.items():
        _, ways, shots = data.episodes[kind].support.shape
        for name, scores in found.scores.items():
            metrics[name][f"oneshot_{kind}/{ways}way{shots}shot"] = evaluate_one_shot(
                scores, found.cluster, **resampling
            )
    units = {name: contender.comparison.unit for name, contender in contenders.items()}
    return Measured(pictures, identity, pairs, metrics, distances, units, probabilities, embeddings, one_shot)


def _one_shot(
    episodes: Episodes,
    embeddings: Mapping[str, NDArray[np.float32]],
    contenders: Mapping[str, Contender],
    source: SkippingBroken,
    pictures: NDArray[np.int64],
) -> OneShot:
    """What each contender, and raw pixels, recognise; episodes with a picture that could not be read are left out."""
    asked = np.isin(episodes.query, pictures).all(axis=1)
    there = asked & np.isin(episodes.support, pictures).all(axis=(1, 2))
    whole = Episodes(*(part[there] for part in episodes))
    if not len(whole.query):
        raise ValueError("each of the one-shot episodes has a picture that can't be read")
    rows = whole._replace(
        support=np.searchsorted(pictures, whole.support), query=np.searchsorted(pictures, whole.query)
    )
    distances = {
        name: episode_distances(contenders[name].comparison.pairs, embedding, rows)
        for name, embedding in embeddings.items()
    }
    distances["raw pixels"] = pixel_episode_distances(source, whole)
    return OneShot({name: one_shot_scores(distance) for name, distance in distances.items()}, whole.cluster)


def rows_of(pairs: Pairs, pictures: NDArray[np.int64]) -> Pairs:
    """The pairs of pictures, as pairs of rows; those with a picture that could not be read are left out."""
    first, second = np.searchsorted(pictures, pairs.first), np.searchsorted(pictures, pairs.second)
    there = np.isin(pairs.first, pictures) & np.isin(pairs.second, pictures)
    return Pairs(first[there], second[there], pairs.same[there], pairs.fold[there])
