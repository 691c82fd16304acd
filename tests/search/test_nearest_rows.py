"""The nearest rows, and the pairs below a distance, are those of float64 brute force to the bit."""

import numpy as np
import pytest
from numpy.typing import NDArray

from likeness.search import ExactIndex, nearest_by

KINDS = ("normal", "far", "ill_scaled", "tiny", "huge", "whole", "copies")


def brute_force(probes: NDArray[np.floating], gallery: NDArray[np.floating]) -> NDArray[np.float64]:
    """All squared distances by subtraction, a probe at a time."""
    result = np.empty((len(probes), len(gallery)))
    for place, probe in enumerate(probes):
        difference = gallery.astype(np.float64) - probe.astype(np.float64)
        result[place] = np.einsum("nd,nd->n", difference, difference)
    return result


def drawn(kind: str, seed: int, *, rows: int, asked: int, dimensions: int) -> list[NDArray[np.floating]]:
    """Probes and a gallery of a kind that is hard in its own way."""
    draw = np.random.default_rng(seed)
    gallery, probes = (draw.standard_normal((n, dimensions)) for n in (rows, asked))
    if kind == "far":
        gallery, probes = gallery * 1e-3 + 1e4, probes * 1e-3 + 1e4
    elif kind == "ill_scaled":
        gallery *= 10.0 ** draw.uniform(-18, 18, (rows, 1))
    elif kind in ("tiny", "huge"):
        gallery *= 1e-30 if kind == "tiny" else 1e25
        probes[1:] *= 1e-30 if kind == "tiny" else 1e25
    elif kind == "whole":
        gallery, probes = gallery.round(), probes.round()
    elif kind == "copies":
        gallery = gallery[draw.integers(0, rows, rows)]
        probes = gallery[draw.integers(0, rows, asked)] + 1e-6 * probes
    probes[0] = gallery[0]
    dtype = np.float32 if draw.integers(2) else np.float64
    return [probes.astype(dtype), gallery.astype(dtype)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_nearest_are_those_of_brute_force(kind: str) -> None:
    for seed in range(40):
        draw = np.random.default_rng(seed)
        rows, dimensions, k = (int(draw.integers(1, most)) for most in (900, 40, 20))
        asked = int(draw.integers(1, 12))
        probes, gallery = drawn(kind, seed, rows=rows, asked=asked, dimensions=dimensions)
        everything = brute_force(probes, gallery)
        order = np.argsort(everything, axis=1, kind="stable")[:, :k]
        for block_rows in (1, 2, 4096):
            found = ExactIndex(gallery).nearest(probes, k, block_rows=block_rows)
            assert np.array_equal(found.row, order)
            assert np.array_equal(found.distance, np.take_along_axis(everything, order, 1))


@pytest.mark.parametrize("kind", KINDS)
def test_the_pairs_below_a_distance_are_those_of_brute_force(kind: str) -> None:
    for seed in range(40):
        draw = np.random.default_rng(seed)
        rows, dimensions = (int(draw.integers(1, most)) for most in (120, 40))
        _, gallery = drawn(kind, seed, rows=rows, asked=2, dimensions=dimensions)
        everything = brute_force(gallery, gallery)
        threshold = float(draw.choice(everything.ravel()))  # a pair at the threshold is not below it
        start = int(draw.integers(0, rows + 1))
        first, second = np.nonzero(np.triu(everything < threshold, 1))
        expected = {(i, j) for i, j in zip(first.tolist(), second.tolist(), strict=True) if j >= start}
        for block_rows in (1, 50, 1024):
            blocks = list(ExactIndex(gallery).pairs_below(threshold, start=start, block_rows=block_rows))
            assert all(len(pairs.first) for pairs in blocks)
            found = [
                pair
                for pairs in blocks
                for pair in zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)
            ]
            assert len(found) == len(expected)
            assert set(found) == expected


def test_candidates_are_few_where_the_rows_are_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bounds would be right too if they left everything open: they leave a group or two."""
    from likeness.search import index

    compared = []
    exact = index._subtracted
    monkeypatch.setattr(index, "_subtracted", lambda a, b: compared.append(a.shape[:-1]) or exact(a, b))
    probes, gallery = drawn("normal", 0, rows=20_000, asked=50, dimensions=64)
    ExactIndex(gallery).nearest(probes, 1)
    assert sum(int(np.prod(shape)) for shape in compared) < 50 * 64
    compared.clear()
    probes, gallery = drawn("far", 0, rows=20_000, asked=50, dimensions=64)
    ExactIndex(gallery).nearest(probes, 1)
    assert sum(int(np.prod(shape)) for shape in compared) < 50 * 64


def test_by_any_function_of_distances() -> None:
    probes, gallery = drawn("whole", 3, rows=300, asked=9, dimensions=2)
    everything = brute_force(probes, gallery)
    asked = []

    def distances(probe: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.float64]:
        asked.append(len(probe))
        return everything[np.ix_(probe, rows)]

    found = nearest_by(distances, 9, 300, 5)
    order = np.argsort(everything, axis=1, kind="stable")[:, :5]
    assert np.array_equal(found.row, order)
    assert np.array_equal(found.distance, np.take_along_axis(everything, order, 1))
    assert asked == [9]
    assert nearest_by(distances, 9, 2, 5).row.shape == (9, 2)


def test_what_can_t_be_searched_is_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        ExactIndex(np.array([[1.0, np.nan]]))
    with pytest.raises(ValueError, match=r"must be \[N, D\]"):
        ExactIndex(np.zeros(3))
    with pytest.raises(ValueError, match=r"probes must be \[Q, 2\]"):
        ExactIndex(np.zeros((3, 2))).nearest(np.zeros((1, 3)), 1)
    with pytest.raises(ValueError, match="not finite"):
        ExactIndex(np.zeros((3, 2))).nearest(np.full((1, 2), np.inf), 1)
    assert ExactIndex(np.zeros((0, 2))).nearest(np.zeros((1, 2)), 1).row.shape == (1, 0)
