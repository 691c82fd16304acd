"""Probes and subjects: the distance to a subject of several templates, and the nearest subjects, exactly."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.applications.gallery.score import Score
from likeness.errors import LikenessError
from likeness.evaluation import EUCLIDEAN, Comparison
from likeness.evaluation.identification import best_template, mean_score, mean_templates
from likeness.search import Nearest, nearest, nearest_by

Encodings = NDArray[np.float32]

_BLOCK_PAIRS = 1 << 18


class Way(NamedTuple):
    """How a probe is compared with a subject.

    `normalised`: the encoder gives its encodings one length, so that their mean is brought to it.
    """

    comparison: Comparison
    score: Score
    normalised: bool


class Templates(NamedTuple):
    """Encodings `[T, D]`, and whose each is: `row [T]`, ascending from 0, no number left out."""

    encodings: Encodings
    row: NDArray[np.int64]

    @property
    def subjects(self) -> int:
        """The number of subjects."""
        return int(self.row[-1]) + 1 if len(self.row) else 0


def represented(templates: Templates, *, normalised: bool) -> Encodings:
    """Each subject's mean `[S, D]`; of a single template it is that template, to the bit.

    Raises:
        LikenessError: the templates of a subject cancel out.
    """
    if (np.bincount(templates.row) == 1).all():
        return templates.encodings
    try:
        mean, _ = mean_templates(templates.encodings, templates.row, one_length=normalised)
    except ValueError as error:
        raise LikenessError(f"A subject's templates have no mean: {error}.") from error
    return mean.astype(np.float32)


def distances(probes: Encodings, templates: Templates, way: Way) -> NDArray[np.float64]:
    """The distances `[P, S]` of `probes [P, D]` to all subjects."""
    if way.score is Score.mean:
        return _grid(probes, represented(templates, normalised=way.normalised), way.comparison)
    each = _grid(probes, templates.encodings, way.comparison)
    combine = best_template if way.score is Score.maximum else mean_score
    return combine(each, templates.row)[0]


def nearest_subjects(probes: Encodings, templates: Templates, way: Way, k: int) -> Nearest:
    """The k nearest subjects of `probes [P, D]`, ties by their row."""
    if way.comparison is not EUCLIDEAN:

        def by_head(probe: NDArray[np.int64], subject: NDArray[np.int64]) -> NDArray[np.float64]:
            chosen = np.isin(templates.row, subject)
            _, row = np.unique(templates.row[chosen], return_inverse=True)
            some = Templates(templates.encodings[chosen], row)
            return distances(probes[probe], some, way)

        return nearest_by(by_head, len(probes), templates.subjects, k)
    if way.score is Score.mean:
        return nearest(probes, represented(templates, normalised=way.normalised), k)
    if way.score is Score.maximum:
        return _by_best_template(probes, templates, k)
    return _by_mean_score(probes, templates, k)


def _by_best_template(probes: Encodings, templates: Templates, k: int) -> Nearest:
    """So many templates are looked at that k subjects must be among them."""
    k = min(k, templates.subjects)
    enough = (k - 1) * int(np.bincount(templates.row).max()) + 1
    found = nearest(probes, templates.encodings, enough)
    rows = templates.row[found.row]
    result = Nearest(np.empty((len(probes), k)), np.empty((len(probes), k), dtype=np.int64))
    for probe, (distance, row) in enumerate(zip(found.distance, rows, strict=True)):
        first = np.sort(np.unique(row, return_index=True)[1])[:k]
        result.distance[probe], result.row[probe] = distance[first], row[first]
    return result


def _by_mean_score(probes: Encodings, templates: Templates, k: int) -> Nearest:
    """The mean of |p - t|^2 over a subject's templates is |p - m|^2 + v: m their mean, v the mean of |t - m|^2.

    So it is the squared distance to m with one more coordinate, the root of v.
    """
    count = np.bincount(templates.row)[:, None]
    starts = np.searchsorted(templates.row, np.arange(templates.subjects))
    mean, _ = mean_templates(
        templates.encodings, templates.row, one_length=False
    )  # to the bit where they are equal
    away = np.square(templates.encodings - mean[templates.row]).sum(axis=1)
    spread = np.sqrt(np.add.reduceat(away, starts)[:, None] / count)
    asked = np.concatenate([probes.astype(np.float64), np.zeros((len(probes), 1))], axis=1)
    return nearest(asked, np.concatenate([mean, spread], axis=1), k)


def _grid(probes: Encodings, others: Encodings, comparison: Comparison) -> NDArray[np.float64]:
    """The distances `[P, N]` of all pairs of `probes [P, D]` and `others [N, D]`."""
    rows = np.concatenate([probes, others])
    result = np.empty((len(probes), len(others)))
    step = max(1, _BLOCK_PAIRS // max(1, len(others)))
    second = np.arange(len(probes), len(rows))
    for start in range(0, len(probes), step):
        block = np.arange(start, min(start + step, len(probes)))
        found = comparison.pairs(rows, np.repeat(block, len(others)), np.tile(second, len(block)))
        result[block] = found.reshape(len(block), len(others))
    return result
