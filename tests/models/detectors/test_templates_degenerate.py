"""Templates of few faces, of one size, and of sizes that are none."""

import numpy as np
import pytest

from likeness.models.detectors.templates import k_medoids, objective


@pytest.mark.parametrize("faces", [1, 2, 40])
def test_one_template_is_the_medoid_of_all(faces: int) -> None:
    sizes = np.exp(np.random.default_rng(faces).normal(3, 1, (faces, 2)))
    found = k_medoids(sizes, 1)
    assert found.shape == (1, 2)
    best = min(objective(sizes, sizes[[row]]) for row in range(faces))
    assert objective(sizes, found) == pytest.approx(best, abs=1e-12)


def test_as_many_templates_as_different_sizes_are_these_sizes() -> None:
    sizes = np.array([[4.0, 5.0], [40.0, 50.0], [4.0, 5.0], [20.0, 30.0]])
    found = k_medoids(sizes, 3)
    np.testing.assert_array_equal(found, [[40, 50], [20, 30], [4, 5]])
    assert objective(sizes, found) == 0


@pytest.mark.parametrize("number", [0, -1])
def test_no_templates_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match=f"number={number}"):
        k_medoids(np.ones((3, 2)), number)


def test_no_faces_are_refused() -> None:
    with pytest.raises(ValueError, match="there are 0"):
        k_medoids(np.ones((0, 2)), 1)


@pytest.mark.parametrize("value", [0, -3, np.nan, np.inf])
def test_a_size_that_is_none_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        k_medoids(np.array([[3.0, value], [2.0, 2.0]]), 1)
