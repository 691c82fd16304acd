"""Probes and subjects: the distance to a subject of several templates, and the nearest subjects, exactly."""

from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from likeness.applications.gallery.score import Score
from likeness.errors import LikenessError
from likeness.evaluation import EUCLIDEAN, Comparison
from likeness.evaluation.identification import best_template, mean_score, mean_templates
from likeness.search import ExactIndex, Nearest, nearest_by

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


class SubjectIndex:
    """The subjects of `templates`, held for searches in one `way`."""

    def __init__(self, templates: Templates, way: Way) -> None:
        self._templates, self._way = templates, way

    def nearest(self, probes: Encodings, k: int) -> Nearest:
        """The k nearest subjects of `probes [P, D]`, ties by their row.

        Raises:
            LikenessError: the templates of a subject cancel out.
        """
        if self._way.comparison is not EUCLIDEAN:
            return self._by_head(probes, k)
        if self._way.score is Score.mean:
            return self._index.nearest(probes, k)
        if self._way.score is Score.maximum:
            return self._by_best_template(probes, k)
        asked = np.concatenate([probes.astype(np.float64), np.zeros((len(probes), 1))], axis=1)
        return self._index.nearest(asked, k)

    @cached_property
    def _index(self) -> ExactIndex:
        """Of the rows that are searched: means, templates, or means with their spread."""
        if self._way.score is Score.mean:
            return ExactIndex(represented(self._templates, normalised=self._way.normalised))
        if self._way.score is Score.maximum:
            return ExactIndex(self._templates.encodings)
        return ExactIndex(_with_spread(self._templates))

    def _by_best_template(self, probes: Encodings, k: int) -> Nearest:
        """So many templates are looked at that k subjects must be among them."""
        templates = self._templates
        k = min(k, templates.subjects)
        enough = (k - 1) * int(np.bincount(templates.row).max()) + 1
        found = self._index.nearest(probes, enough)
        rows = templates.row[found.row]
        result = Nearest(np.empty((len(probes), k)), np.empty((len(probes), k), dtype=np.int64))
        for probe, (distance, row) in enumerate(zip(found.distance, rows, strict=True)):
            first = np.sort(np.unique(row, return_index=True)[1])[:k]
            result.distance[probe], result.row[probe] = distance[first], row[first]
        return result

    def _by_head(self, probes: Encodings, k: int) -> Nearest:
        def by_head(probe: NDArray[np.int64], _: NDArray[np.int64]) -> NDArray[np.float64]:
            return distances(probes[probe], self._templates, self._way)

        return nearest_by(by_head, len(probes), self._templates.subjects, k)


def _with_spread(templates: Templates) -> NDArray[np.float64]:
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
    return np.concatenate([mean, spread], axis=1)


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
