"""What each layer knows: probes on stored encodings."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.applications.probe.encodings import INPUT, encodings_of
from likeness.applications.probe.subject import ProbedNetwork, Subject
from likeness.data.skipping import SkippingUnreadable
from likeness.data.stored_encodings import StoredEncodings
from likeness.errors import LikenessError
from likeness.evaluation import query_intervals
from likeness.evaluation.metric import Metric
from likeness.evaluation.probes import Halves, Probed, Problem, halves_of, probed
from likeness.randomness import key

RIDGE, LOGISTIC, NEAREST = "ridge", "logistic", "nearest"
UNTRAINED, SHUFFLED = "untrained", "shuffled labels"


class Layer(NamedTuple):
    """A layer's features, their number, the penalties that were chosen, and by column what was measured."""

    name: str
    features: int
    penalties: Mapping[str, float | None]
    columns: Mapping[str, Metric]


class Measured(NamedTuple):
    """By layer from the raw input to what the network gives; how many classes and samples that is of.

    `unreadable` are the names of the images that were left out.
    """

    layers: list[Layer]
    classes: int
    learned: int
    asked: int
    unreadable: list[str]


class _Samples(NamedTuple):
    """Readable images: their classes `[M]`, what is learned and asked, and what intervals of `[S]` asked are over."""

    label: NDArray[np.int64]
    halves: Halves
    unit: NDArray[np.int64]


def measured(subject: Subject) -> Measured:
    """Probe all layers of the network, and of the same untrained.

    Raises:
        LikenessError: as `encodings_of` does, or of the images too few could be read to learn from.
    """
    trained, untrained = (_encoded(subject, one) for one in (subject.network, subject.untrained))
    chosen_on, asked = _samples(subject, trained)
    seed = key("probes", subject.config.seed) % 2**63
    layers = []
    for name in trained[0].arrays:
        ours = _probed(subject, trained, name, chosen_on, asked, seed, subject.config.columns)
        hits = {RIDGE: ours.ridge, LOGISTIC: ours.logistic, NEAREST: ours.nearest}
        penalties = {RIDGE: ours.penalty, LOGISTIC: ours.logistic_penalty}
        if name != INPUT:
            fresh = _probed(subject, untrained, name, chosen_on, asked, seed, ())
            hits[UNTRAINED], penalties[UNTRAINED] = fresh.ridge, fresh.penalty
        hits[SHUFFLED] = ours.shuffled
        known = {column: one for column, one in hits.items() if one is not None}
        columns = _metrics(known, asked.unit, subject)
        layers.append(Layer(name, trained[0].arrays[name].shape[1], penalties, columns))
    classes = len(np.unique(asked.label[asked.halves.learned]))
    unreadable = [
        images.name(int(at))
        for images, encoded in zip(subject.images[:2], trained, strict=True)
        for at in np.setdiff1d(np.arange(len(images)), encoded.index)
    ]
    return Measured(layers, classes, len(asked.halves.learned), len(asked.halves.asked), unreadable)


def _encoded(subject: Subject, network: ProbedNetwork) -> tuple[StoredEncodings, StoredEncodings]:
    images = subject.images
    return encodings_of(subject, network, images.chosen_on), encodings_of(subject, network, images.asked)


def _samples(subject: Subject, encoded: tuple[StoredEncodings, StoredEncodings]) -> tuple[_Samples, _Samples]:
    """What the penalties are chosen on, and what the results are of."""
    chosen_on, asked, closed_set = subject.images
    seed = key("halves", subject.config.seed) % 2**63
    try:
        first = _halved(chosen_on, encoded[0], seed)
        if not closed_set:
            return first, _halved(asked, encoded[1], seed)
    except ValueError as error:
        raise LikenessError(
            f"{subject.title} can't be probed on these data: {error}; choose others."
        ) from error
    learned = len(first.label)
    names = {chosen_on.identity_name(one): one for one in range(int(chosen_on.identity.max()) + 1)}
    classes = [
        names.get(asked.identity_name(one), len(names)) for one in range(int(asked.identity.max()) + 1)
    ]  # one that was never learned is never recognised
    label = np.array(classes, np.int64)[asked.identity[encoded[1].index]]
    halves = Halves(np.arange(learned), np.arange(learned, learned + len(label)))
    return first, _Samples(np.concatenate([first.label, label]), halves, np.arange(len(label)))


def _halved(images: SkippingUnreadable, encoded: StoredEncodings, seed: int) -> _Samples:
    label = images.identity[encoded.index]
    halves = halves_of(label, seed=seed)
    return _Samples(label, halves, label[halves.asked])


def _probed(
    subject: Subject,
    encoded: tuple[StoredEncodings, StoredEncodings],
    name: str,
    chosen_on: _Samples,
    asked: _Samples,
    seed: int,
    columns: Sequence[str],
) -> Probed:
    values = [one.arrays[name][one.index] for one in encoded]
    shown = np.concatenate(values) if subject.images.closed_set else values[1]
    return probed(
        Problem(values[0], chosen_on.label, chosen_on.halves),
        Problem(shown, asked.label, asked.halves),
        columns=columns,
        seed=seed,
    )


def _metrics(
    hits: Mapping[str, NDArray[np.bool_]], unit: NDArray[np.int64], subject: Subject
) -> dict[str, Metric]:
    """The share that each column recognised, with 95% intervals over identities, or over samples of a closed set."""
    scores = np.stack([one.astype(np.float64) for one in hits.values()])
    intervals: Sequence[tuple[float | None, float | None]] = [(None, None)] * len(scores)
    if subject.config.resamples:
        seed = key("intervals", subject.config.seed) % 2**63
        intervals = query_intervals(scores, unit, resamples=subject.config.resamples, seed=seed)
    return {
        column: Metric(float(row.mean()), len(row), low, high)
        for column, row, (low, high) in zip(hits, scores, intervals, strict=True)
    }
