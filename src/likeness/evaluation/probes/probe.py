"""One layer's features probed: penalties chosen on one set of classes, and looked at once on another."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.evaluation.probes.columns import logistic_hits, nearest_hits
from likeness.evaluation.probes.halves import Halves
from likeness.evaluation.probes.ridge import Moments, Ridge, fit_ridges

PENALTIES = tuple(10.0**power for power in range(-5, 3))
"""Among which a ridge's is chosen."""

LOGISTIC_PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1)

BLOCK = 1024
"""Samples that are held at a time."""


class Problem(NamedTuple):
    """Features `[N, D]`, which may lie in a file, of the classes `label [N]`, and which rows of them serve for what."""

    features: NDArray[np.float32]
    label: NDArray[np.int64]
    halves: Halves


class Probed(NamedTuple):
    """Whether each sample `[S]` that was asked about was recognised by each kind of probe, and the chosen penalties.

    `shuffled` is the ridge on labels that were shuffled among the samples that it learned from: what is left is chance.
    """

    ridge: NDArray[np.bool_]
    logistic: NDArray[np.bool_] | None
    nearest: NDArray[np.bool_] | None
    shuffled: NDArray[np.bool_]
    penalty: float
    logistic_penalty: float | None


def probed(choosing: Problem, asked: Problem, *, columns: Sequence[str], seed: int) -> Probed:
    """Probe features: the penalties are those that recognise most of `choosing`; `asked` is looked at once with each.

    Args:
        choosing: of other samples than those of `asked`, or even of other classes.
        asked: what is measured on.
        columns: of `logistic` and `nearest` those that are wanted.
        seed: of the shuffled labels.

    Raises:
        ValueError: a feature is not a number.
    """
    chosen_among = _ridges(choosing, choosing.label, PENALTIES)
    penalty = _best(PENALTIES, [_hits(one, choosing) for one in chosen_among])
    (ridge,) = _ridges(asked, asked.label, [penalty])
    mixed = asked.label.copy()
    draw = np.random.Generator(np.random.Philox(key=seed))
    mixed[asked.halves.learned] = draw.permutation(mixed[asked.halves.learned])
    (by_chance,) = _ridges(asked, mixed, [penalty])
    logistic = nearest = logistic_penalty = None
    if "logistic" in columns:
        standard = chosen_among[0]  # all standardise alike
        tried = [_column(choosing, standard, logistic_hits, penalty=one) for one in LOGISTIC_PENALTIES]
        logistic_penalty = _best(LOGISTIC_PENALTIES, tried)
        logistic = _column(asked, ridge, logistic_hits, penalty=logistic_penalty)
    if "nearest" in columns:
        nearest = _column(asked, ridge, nearest_hits)
    return Probed(_hits(ridge, asked), logistic, nearest, _hits(by_chance, asked), penalty, logistic_penalty)


def _best(penalties: Sequence[float], tried: Sequence[NDArray[np.bool_]]) -> float:
    """Of equally good ones the largest."""
    return max(zip(penalties, tried, strict=True), key=lambda one: (one[1].mean(), one[0]))[0]


def _ridges(problem: Problem, label: NDArray[np.int64], penalties: Sequence[float]) -> list[Ridge]:
    learned = problem.halves.learned
    classes = int(problem.label[learned].max()) + 1
    moments = Moments(problem.features.shape[1], classes)
    for rows in _blocks(learned):
        moments.add(problem.features[rows], label[rows])
    return fit_ridges(moments, penalties)


def _hits(ridge: Ridge, problem: Problem) -> NDArray[np.bool_]:
    found = [
        ridge.scores(problem.features[rows]).argmax(1) == problem.label[rows]
        for rows in _blocks(problem.halves.asked)
    ]
    return np.concatenate(found)


def _column(
    problem: Problem, standard: Ridge, hits: Callable[..., NDArray[np.bool_]], **words: float
) -> NDArray[np.bool_]:
    learned, asked = problem.halves
    return hits(
        standard.standardised(problem.features[learned]),
        problem.label[learned],
        standard.standardised(problem.features[asked]),
        problem.label[asked],
        **words,
    )


def _blocks(rows: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(rows), BLOCK):
        yield rows[start : start + BLOCK]
