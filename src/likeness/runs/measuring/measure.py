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
from likeness.evaluation import Comparison, Judge, Metric, evaluate_judge, evaluate_pairs, evaluate_retrieval
from likeness.runs.measuring.encode import Encoder, encode, pixel_distances


class TestData(NamedTuple):
    """The pictures of people to measure on, the pairs to judge, and whether the people are known beyond those."""

    pictures: SkippingBroken
    pairs: Pairs
    all_known: bool


class Contender(NamedTuple):
    """What is measured: an encoder of pictures, by what two of its encodings are held apart, and how that is judged."""

    encoder: Encoder
    comparison: Comparison
    judge: Judge | None = None


class Measured(NamedTuple):
    """What was measured of each contender, by its name, on the test pictures that could be read.

    `identity [N]` and `pictures [N]` (their indices in the data) belong to the rows of `embeddings [N, D]`;
    `pairs` are pairs of rows; `distances [M]` are those of the pairs, in their `units`, and
    `probabilities [M]`, where there is a judge, those that they are of one person.
    """

    pictures: NDArray[np.int64]
    identity: NDArray[np.int64]
    pairs: Pairs
    metrics: dict[str, dict[str, Metric]]
    distances: dict[str, NDArray[np.float64]]
    units: dict[str, str]
    probabilities: dict[str, NDArray[np.float64]]
    embeddings: dict[str, NDArray[np.float32]]


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
    embeddings: dict[str, NDArray[np.float32]] = {}
    for name, contender in contenders.items():
        pictures, embeddings[name] = encode(
            contender.encoder,
            data.pictures,
            device=device,
            batch_size=settings.batch_size,
            workers=config.loader.workers,
            flip=settings.flip,
        )
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
        metrics[name] |= evaluate_retrieval(rows, identity, contenders[name].comparison, **resampling)
    units = {name: contender.comparison.unit for name, contender in contenders.items()}
    return Measured(pictures, identity, pairs, metrics, distances, units, probabilities, embeddings)


def rows_of(pairs: Pairs, pictures: NDArray[np.int64]) -> Pairs:
    """The pairs of pictures, as pairs of rows; those with a picture that could not be read are left out."""
    first, second = np.searchsorted(pictures, pairs.first), np.searchsorted(pictures, pairs.second)
    there = np.isin(pairs.first, pictures) & np.isin(pairs.second, pictures)
    return Pairs(first[there], second[there], pairs.same[there], pairs.fold[there])
