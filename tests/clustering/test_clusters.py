"""Clusters of thresholded neighbours: held to sets by hand, and what constraints do, whatever the order."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist
from sklearn.cluster import DBSCAN

from likeness.clustering import (
    Constraints,
    Measured,
    Thresholds,
    by_comparison,
    choose_thresholds,
    clusters,
    constraints,
    estimated_k,
    euclidean,
    k_means,
    neighbours,
)
from likeness.clustering.constraints import in_vain
from likeness.evaluation import Comparison
from likeness.evaluation.clustering import bcubed
from likeness.evaluation.comparison import squared_distances
from likeness.evaluation.distance import pair_distances
from likeness.search import ExactIndex

ANY = 1e9  # a mean distance up to which everything is joined


def about(identities: int, each: int, seed: int, spread: float = 0.25) -> NDArray[np.float32]:
    """Images `[identities * each, 16]`, some of them nearly alone."""
    draw = np.random.default_rng(seed)
    centres = draw.standard_normal((identities, 16)).repeat(each, axis=0)
    rows = centres + spread * draw.gamma(2, 0.7, (len(centres), 1)) * draw.standard_normal(centres.shape)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def sets(cluster: NDArray[np.int64], names: NDArray[np.int64] | None = None) -> set[frozenset[int]]:
    named = np.arange(len(cluster)) if names is None else names
    return {frozenset(named[cluster == number].tolist()) for number in np.unique(cluster)}


def drawn_constraints(images: int, seed: int, label: bool = True) -> Constraints:
    draw = np.random.default_rng(seed)
    labels = np.where(draw.random(images) < 0.1, draw.integers(0, 3, images), -1) if label else None
    return constraints(images, draw.integers(0, images, (4, 2)), draw.integers(0, images, (6, 2)), labels)


def some_said(said: Constraints, rows: NDArray[np.int64]) -> Constraints:
    """The same of rows in another order: place i is row `rows[i]`."""
    place = np.argsort(rows)
    return Constraints(place[said.must], place[said.cannot], said.label[rows])


@pytest.mark.parametrize("seed", range(5))
def test_components_are_those_of_dbscan_without_noise(seed: int) -> None:
    rows = about(12, 6, seed)
    theirs = DBSCAN(eps=np.sqrt(0.5), min_samples=1).fit_predict(rows)
    assert sets(clusters(euclidean(rows), Thresholds(0.5, ANY))) == sets(theirs)


@pytest.mark.parametrize("seed", range(5))
def test_a_component_is_cut_as_scipy_cuts_it(seed: int) -> None:
    rows = about(12, 6, seed)
    theirs = fcluster(linkage(pdist(rows.astype(np.float64), "sqeuclidean"), "average"), 0.6, "distance")
    assert sets(clusters(euclidean(rows), Thresholds(ANY, 0.6))) == sets(theirs)


@pytest.mark.parametrize("seed", range(30))
def test_constraints_hold_and_no_order_counts(seed: int) -> None:
    rows = about(8, 5, seed, spread=0.4)
    said = drawn_constraints(len(rows), seed)
    thresholds = Thresholds(0.9, 1.0 + 0.02 * seed)
    found = clusters(euclidean(rows), thresholds, said)
    group = found[said.must]
    assert (group[:, 0] == group[:, 1]).all()
    vain = {tuple(pair) for pair in in_vain(said).tolist()}
    for pair in said.cannot.tolist():
        assert tuple(pair) in vain or found[pair[0]] != found[pair[1]]
    order = np.random.default_rng(seed + 100).permutation(len(rows))
    again = clusters(euclidean(rows[order]), thresholds, some_said(said, order))
    assert sets(again, order) == sets(found)


def test_labels_stay_together_and_apart() -> None:
    rows = about(6, 6, 3)
    label = np.full(len(rows), -1)
    label[[0, 7, 14]] = 4  # three identities that somebody called one
    label[[20, 21]] = [0, 1]  # and one that is two
    found = clusters(euclidean(rows), Thresholds(0.9, 1.2), constraints(len(rows), label=label))
    assert len({*found[[0, 7, 14]].tolist()}) == 1
    assert found[20] != found[21]


@pytest.mark.parametrize("seed", range(20))
def test_adding_images_gives_what_all_at_once_give(seed: int) -> None:
    """What is known of earlier images is no input: the pairs of later ones are added to theirs."""
    rows = about(10, 6, seed, spread=0.35)
    draw = np.random.default_rng(seed)
    order = draw.permutation(len(rows))
    rows, said = rows[order], drawn_constraints(len(rows), seed)
    start = int(draw.integers(0, len(rows) + 1))
    whole = euclidean(rows)

    def below(threshold: float):
        yield from ExactIndex(rows[:start]).pairs_below(threshold)
        yield from ExactIndex(rows).pairs_below(threshold, start=start)

    added = Measured(len(rows), below, whole.matrix, whole.some)
    thresholds = Thresholds(0.8, 1.1)
    assert np.array_equal(clusters(added, thresholds, said), clusters(whole, thresholds, said))


def test_a_cannot_link_divides_a_cluster_between_its_ends() -> None:
    line = np.array([[0.0], [1.0], [2.0], [3.5], [4.5], [5.5]])
    apart = constraints(6, cannot=[(0, 5)])
    found = clusters(euclidean(line), Thresholds(3, ANY), apart)
    assert sets(found) == {frozenset({0, 1, 2}), frozenset({3, 4, 5})}
    both = constraints(6, must=[(0, 3), (3, 5)], cannot=[(0, 5)])
    assert len(in_vain(both)) == 1
    assert len(sets(clusters(euclidean(line), Thresholds(3, ANY), both))) == 1


def test_a_component_that_is_too_large_is_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "LARGEST", 8)
    draw = np.random.default_rng(0)
    centres = np.arange(4).repeat(6)[:, None] * np.array([[2.0, 0.0]])
    rows = centres + 0.1 * draw.standard_normal((24, 2))
    said = constraints(24, cannot=[(0, 1)])
    found = clusters(euclidean(rows), Thresholds(6, ANY), said)
    whole = {frozenset(range(start, start + 6)) for start in (6, 12, 18)}
    assert whole < sets(found)
    assert found[0] != found[1]
    copies = np.zeros((20, 2))
    assert len(sets(clusters(euclidean(copies), Thresholds(6, ANY)))) == 1


def test_distances_below_zero_are_split_as_any() -> None:
    """As those of a learned head are."""
    rows = about(12, 6, 1)
    shifted = Comparison(
        lambda e, i, j: pair_distances(e, i, j) - 3,
        lambda e: lambda chosen: squared_distances(e)(chosen) - 3,
        "",
    )
    said = drawn_constraints(len(rows), 1)
    for thresholds in (Thresholds(0.9, 0.8), Thresholds(0.9, 2.5)):
        lower = Thresholds(*(each - 3 for each in thresholds))
        expected = clusters(euclidean(rows), thresholds, said)
        assert np.array_equal(clusters(by_comparison(shifted, rows), lower, said), expected)


# Thresholds


@pytest.mark.parametrize("seed", range(4))
def test_the_thresholds_are_the_best_of_all(seed: int) -> None:
    rows = about(15, 5, seed, spread=0.45)
    identity = np.arange(15).repeat(5)
    chosen = choose_thresholds(euclidean(rows), identity)

    def f_of(thresholds: Thresholds) -> float:
        return bcubed(clusters(euclidean(rows), thresholds), identity).f

    every = np.sort(pdist(rows.astype(np.float64), "sqeuclidean"))
    best = max(f_of(Thresholds(float(each), ANY)) for each in every[::41])
    assert f_of(chosen._replace(joined=ANY)) >= best - 1e-12
    best = max(f_of(chosen._replace(joined=float(each))) for each in every[::41])
    assert f_of(chosen) >= best - 1e-12
    assert f_of(chosen) > f_of(chosen._replace(joined=ANY)) - 1e-12


def test_thresholds_need_identities() -> None:
    rows = about(3, 2, 0)
    for identity in (np.zeros(6, int), np.arange(6)):
        with pytest.raises(ValueError, match="two identities or more, one of them with several images"):
            choose_thresholds(euclidean(rows), identity)


# K-means


def test_k_means_with_k_given_or_estimated() -> None:
    rows = about(5, 8, 0, spread=0.05)
    identity = np.arange(5).repeat(8)
    k = estimated_k(euclidean(rows), Thresholds(0.5, 0.5))
    assert k == 5
    assert bcubed(k_means(rows, k), identity).f > 0.8
    with pytest.raises(ValueError, match="from 1 to 40 clusters"):
        k_means(rows, 41)
