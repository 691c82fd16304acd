"""Distances to subjects of several templates, held to sums written out."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from likeness.applications.gallery.compare import SubjectIndex, Templates, Way, distances, represented
from likeness.applications.gallery.score import Score
from likeness.errors import LikenessError
from likeness.evaluation import EUCLIDEAN
from likeness.models.similarity import absolute_difference
from likeness.tasks.comparison import by_head

COUNTS = [1, 3, 2, 1, 5, 1]


def drawn(normalised: bool) -> tuple[NDArray[np.float32], Templates]:
    draw = np.random.default_rng(4)
    rows = draw.standard_normal((sum(COUNTS), 10))
    asked = draw.standard_normal((7, 10))
    if normalised:
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return asked.astype(np.float32), Templates(
        rows.astype(np.float32), np.repeat(np.arange(len(COUNTS)), COUNTS)
    )


def head() -> Any:
    torch.manual_seed(0)
    found = absolute_difference(embedding_dim=10)
    with torch.no_grad():
        for weight in found.parameters():
            weight.normal_()
    return by_head(found.eval())


def by_hand(probe: NDArray[np.float32], templates: Templates, way: Way) -> list[float]:
    """A subject, a template and a number at a time."""
    result = []
    for subject in range(len(COUNTS)):
        own = templates.encodings[templates.row == subject].astype(np.float64)
        if way.score is Score.mean and len(own) > 1:
            mean = own.mean(0)
            own = (mean / np.linalg.norm(mean) if way.normalised else mean)[None]
        each = [
            float(way.comparison.pairs(np.stack([probe, one.astype(np.float32)]), [0], [1])[0]) for one in own
        ]
        result.append(min(each) if way.score is Score.maximum else sum(each) / len(each))
    return result


@pytest.mark.parametrize("score", list(Score))
@pytest.mark.parametrize("normalised", [True, False])
@pytest.mark.parametrize("kind", ["euclidean", "head"])
def test_distances_and_the_nearest_are_those_by_hand(score: Score, normalised: bool, kind: str) -> None:
    probes, templates = drawn(normalised)
    way = Way(EUCLIDEAN if kind == "euclidean" else head(), score, normalised)
    expected = np.array([by_hand(probe, templates, way) for probe in probes])
    assert np.allclose(distances(probes, templates, way), expected, rtol=1e-5, atol=1e-5)
    for k in (1, 3, 20):
        found = SubjectIndex(templates, way).nearest(probes, k)
        order = np.argsort(expected, axis=1)[:, :k]
        assert np.array_equal(found.row, order)
        assert np.allclose(found.distance, np.take_along_axis(expected, order, 1), rtol=1e-5, atol=1e-5)


def test_a_single_template_is_its_own_mean_to_the_bit() -> None:
    _, templates = drawn(False)
    means = represented(templates, normalised=True)
    single = np.flatnonzero(np.array(COUNTS) == 1)
    own = np.isin(templates.row, single)
    assert np.array_equal(means[single], templates.encodings[own])


@pytest.mark.parametrize("score", list(Score))
@pytest.mark.parametrize("normalised", [True, False])
@pytest.mark.parametrize("copies", [2, 3, 5, 7])
def test_copies_of_one_template_tie_whatever_their_number(
    score: Score, normalised: bool, copies: int
) -> None:
    for seed in range(60):
        draw = np.random.default_rng(seed)
        asked, one, far = draw.standard_normal((3, 16)).astype(np.float32)
        if normalised:
            one /= np.linalg.norm(one)
        far = one - 4 * (asked - one)
        templates = Templates(np.stack([far, *[one] * copies, one]), np.repeat([0, 1, 2], [1, copies, 1]))
        way = Way(EUCLIDEAN, score, normalised)
        found = SubjectIndex(templates, way).nearest(asked[None], 3)
        assert found.row.tolist() == [[1, 2, 0]]
        assert found.distance[0, 0] == found.distance[0, 1]
        away = distances(asked[None], templates, way)[0]
        assert away[1] == away[2]


def test_a_mean_of_several_views_keeps_their_length() -> None:
    """Four views of an image, one behind the other, each of length 1, are of length 2 together."""
    draw = np.random.default_rng(1)
    views = draw.standard_normal((6, 4, 8))
    views /= np.linalg.norm(views, axis=2, keepdims=True)
    templates = Templates(views.reshape(6, 32).astype(np.float32), np.repeat(np.arange(2), 3))
    assert np.allclose(np.linalg.norm(represented(templates, normalised=True), axis=1), 2, atol=1e-6)


def test_templates_that_cancel_out_are_said_so() -> None:
    opposite = np.array([[1, 0], [-1, 0]], np.float32)
    with pytest.raises(LikenessError, match="A subject's templates have no mean"):
        represented(Templates(opposite, np.zeros(2, np.int64)), normalised=True)
