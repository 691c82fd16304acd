"""Measure encoders on identities they never saw: the same pairs for each, and what is found by them."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from likeness.config.schema.embedding import EmbeddingConfig, EvaluateConfig
from likeness.data.images import Images, Pairs
from likeness.data.skipping import SkippingUnreadable
from likeness.errors import LikenessError
from likeness.evaluation import (
    Comparison,
    Episodes,
    Metric,
    OperatingPoint,
    episode_distances,
    evaluate_classification,
    evaluate_detection_cost,
    evaluate_one_shot,
    evaluate_operating_point,
    evaluate_pairs,
    evaluate_retrieval,
    one_shot_scores,
)
from likeness.evaluation.clustering import evaluate_clustering
from likeness.recipes.embedding.encode import (
    Encode,
    encode,
    pixel_distances,
    pixel_episode_distances,
    raw_values,
)
from likeness.recipes.embedding.identification import Identification, identified


class Clusterer(Protocol):
    """What makes clusters, as scikit-learn's estimators do."""

    def fit_predict(self, embeddings: NDArray[np.float32], /) -> NDArray[np.int64]:
        """The cluster of each of the embeddings `[N, D]`, `[N]`; negative: of none."""
        ...


class TestData(NamedTuple):
    """What there is to measure on.

    The `samples`, the `pairs` to verify, whether the identities are `all_known` beyond those pairs, by their kind the
    `episodes` of one-shot recognition, and, where identities are known, the `identification` and what makes clusters.
    Of a closed set the `gallery` are the samples that were trained on: those tested are classified by the nearest.
    """

    samples: SkippingUnreadable
    pairs: Pairs
    all_known: bool
    episodes: Mapping[str, Episodes]
    identification: Identification | None = None
    clusterer: Clusterer | None = None
    gallery: SkippingUnreadable | None = None


class Encoder(NamedTuple):
    """What is measured: how images are encoded, how two embeddings are compared, and the operating point of that."""

    encode: Encode
    comparison: Comparison
    operating_point: OperatingPoint | None = None


class OneShot(NamedTuple):
    """Of each encoder by its name the scores `[E, N]` of the episodes' queries, and the cluster of each, `[E, N]`."""

    scores: dict[str, NDArray[np.float64]]
    cluster: NDArray[np.int64]


class Measured(NamedTuple):
    """What was measured of each encoder, by its name, on the test images that could be read.

    `identity [N]` and `samples [N]` (their indices in the data) belong to the rows of `embeddings [N, D]`;
    `pairs` are pairs of rows; `distances [M]` are those of the pairs, in their `units`, and
    `probabilities [M]`, where there is an operating point, those that they are of one identity; `one_shot` are the
    episodes by kind.
    """

    samples: NDArray[np.int64]
    identity: NDArray[np.int64]
    pairs: Pairs
    metrics: dict[str, dict[str, Metric]]
    distances: dict[str, NDArray[np.float64]]
    units: dict[str, str]
    probabilities: dict[str, NDArray[np.float64]]
    embeddings: dict[str, NDArray[np.float32]]
    one_shot: dict[str, OneShot]


def measure(
    encoders: Mapping[str, Encoder],
    data: TestData,
    config: EmbeddingConfig | EvaluateConfig,
    *,
    device: torch.device,
) -> Measured:
    """Measure each encoder, and raw pixels, on the same pairs of the test identities.

    Raises:
        LikenessError: too few images could be read, or an encoder gave something that is not a number.
    """
    try:
        return _measured(encoders, data, config, device)
    except ValueError as error:
        raise LikenessError(f"The test data can't be measured: {error}.") from error


def _measured(
    encoders: Mapping[str, Encoder],
    data: TestData,
    config: EmbeddingConfig | EvaluateConfig,
    device: torch.device,
) -> Measured:
    samples, embeddings = _encoded(encoders, data.samples, config, device)
    identity = data.samples.identity[samples]
    pairs = rows_of(data.pairs, samples)
    distances = {
        name: encoders[name].comparison.pairs(rows, pairs.first, pairs.second)
        for name, rows in embeddings.items()
    }
    raw = raw_values_of(data.samples)
    distances[raw] = pixel_distances(data.samples, samples[pairs.first], samples[pairs.second])
    operating_points = {
        name: encoder.operating_point
        for name, encoder in encoders.items()
        if encoder.operating_point is not None
    }
    one_shot = {
        kind: _one_shot(episodes, embeddings, encoders, data.samples, samples)
        for kind, episodes in data.episodes.items()
    }

    resampling = {"resamples": config.evaluation.resamples, "seed": config.seed}
    identities = _identities_in(pairs, identity, all_known=data.all_known)
    metrics = {
        name: evaluate_pairs(distance, pairs.same, pairs.fold, *identities, **resampling)
        for name, distance in distances.items()
    }
    for name, point in operating_points.items():
        metrics[name] |= evaluate_operating_point(
            point, distances[name], pairs.same, *identities, **resampling
        )
    for name, rows in embeddings.items() if data.all_known else ():
        metrics[name] |= evaluate_retrieval(
            rows,
            identity,
            encoders[name].comparison,
            queries=config.evaluation.queries,
            **resampling,
        )
    for name, rows in embeddings.items() if data.all_known else ():
        if data.identification is not None:
            metrics[name] |= identified(
                data.identification,
                encoders[name].comparison,
                rows,
                samples,
                data.samples.identity,
                most=config.evaluation.queries,
                **resampling,
            )
        if data.clusterer is not None:
            metrics[name] |= evaluate_clustering(data.clusterer.fit_predict(rows), identity, **resampling)
    if config.evaluation.target is not None:
        for name, distance in distances.items():
            metrics[name] |= evaluate_detection_cost(
                distance, pairs.same, *identities, target=config.evaluation.target, **resampling
            )
    if data.gallery is not None:
        known, of_gallery = _encoded(encoders, data.gallery, config, device)
        classes = _numbered_as(data.samples, data.gallery)[known]
        for name, rows in embeddings.items():
            metrics[name] |= evaluate_classification(
                of_gallery[name], classes, rows, identity, encoders[name].comparison
            )
        values = (raw_values(data.gallery, known), classes, raw_values(data.samples, samples), identity)
        metrics[raw] |= evaluate_classification(*values)
    for kind, found in one_shot.items():
        _, ways, shots = data.episodes[kind].support.shape
        for name, scores in found.scores.items():
            metrics[name][f"oneshot_{kind}/{ways}way{shots}shot"] = evaluate_one_shot(
                scores, found.cluster, **resampling
            )

    return Measured(
        samples,
        identity,
        pairs,
        metrics,
        distances,
        units={name: encoder.comparison.unit for name, encoder in encoders.items()},
        probabilities={
            name: point.calibration.probability(distances[name]) for name, point in operating_points.items()
        },
        embeddings=embeddings,
        one_shot=one_shot,
    )


def raw_values_of(samples: Images) -> str:
    """What the values of samples are called that are measured as they are: pixels, where they are images."""
    (first,) = samples.load([0])
    return "raw pixels" if first.ndim == 3 else "raw values"


def _numbered_as(samples: Images, others: Images) -> NDArray[np.int64]:
    """The identities of `others [M]` by the numbers that `samples` give those of the same names; else negative."""
    numbers = {samples.identity_name(number): number for number in np.unique(samples.identity).tolist()}
    theirs = np.unique(others.identity)
    by_number = np.array(
        [numbers.get(others.identity_name(number), -1 - number) for number in theirs.tolist()]
    )
    return by_number[np.searchsorted(theirs, others.identity)]


def _encoded(
    encoders: Mapping[str, Encoder],
    samples: SkippingUnreadable,
    config: EmbeddingConfig | EvaluateConfig,
    device: torch.device,
) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float32]]]:
    """The indices of the images that can be read, and each encoder's embeddings of them; an encoder runs once."""
    encoded: dict[Encode, NDArray[np.float32]] = {}
    for function in dict.fromkeys(encoder.encode for encoder in encoders.values()):
        readable, encoded[function] = encode(
            function,
            samples,
            device=device,
            batch_size=config.evaluation.batch_size,
            workers=config.loader.workers,
            flip=config.evaluation.flip,
        )
    return readable, {name: encoded[encoder.encode] for name, encoder in encoders.items()}


def _identities_in(
    pairs: Pairs, identity: NDArray[np.int64], *, all_known: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The identities of the first and the second image of each pair, which intervals draw.

    Of identities that are known by the pairs alone, a chain of pairs of one identity may link the two of a pair of two:
    then that pair's label counts.
    """
    first, second = identity[pairs.first], identity[pairs.second]
    return first, second if all_known else np.where(pairs.same == (first == second), second, -1 - second)


def _one_shot(
    episodes: Episodes,
    embeddings: Mapping[str, NDArray[np.float32]],
    encoders: Mapping[str, Encoder],
    source: SkippingUnreadable,
    samples: NDArray[np.int64],
) -> OneShot:
    """What each encoder, and raw pixels, recognise; episodes with an image that could not be read are left out."""
    asked = np.isin(episodes.query, samples).all(axis=1)
    there = asked & np.isin(episodes.support, samples).all(axis=(1, 2))
    whole = Episodes(*(part[there] for part in episodes))
    if not len(whole.query):
        raise ValueError("each of the one-shot episodes has an image that can't be read")
    rows = whole._replace(
        support=np.searchsorted(samples, whole.support), query=np.searchsorted(samples, whole.query)
    )
    distances = {
        name: episode_distances(encoders[name].comparison.pairs, embedding, rows)
        for name, embedding in embeddings.items()
    }
    distances[raw_values_of(source)] = pixel_episode_distances(source, whole)
    return OneShot({name: one_shot_scores(distance) for name, distance in distances.items()}, whole.cluster)


def rows_of(pairs: Pairs, samples: NDArray[np.int64]) -> Pairs:
    """The pairs of images, as pairs of rows; those with an image that could not be read are left out."""
    first, second = np.searchsorted(samples, pairs.first), np.searchsorted(samples, pairs.second)
    there = np.isin(pairs.first, samples) & np.isin(pairs.second, samples)
    return Pairs(first[there], second[there], pairs.same[there], pairs.fold[there])
