"""The data is hard in the right way: neither pixels nor colour tell people apart."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from likeness.data.drawn_faces import drawn_faces
from likeness.randomness import generator

PEOPLE, EACH, PAIRS = 200, 6, 2000


def best_accuracy(distance: NDArray[np.float64], same: NDArray[np.bool_]) -> float:
    """Of calling two images one person where they are nearer than the best of all thresholds."""
    right = same[np.argsort(distance, kind="stable")]
    hits = np.concatenate([[0], np.cumsum(right)]) + np.concatenate([np.cumsum(~right[::-1])[::-1], [0]])
    return float(hits.max() / len(same))


@pytest.fixture(scope="module")
def pairs() -> tuple[torch.Tensor, torch.Tensor, NDArray[np.bool_]]:
    test = drawn_faces(
        identities=1,
        pictures_per_identity=EACH,
        validation_identities=0,
        test_identities=PEOPLE,
        seed=0,
        image_size=64,
        channels=3,
    ).test
    images = torch.stack(test.load(range(len(test)))).float()
    draw = generator("drawn faces", "pairs")
    same = np.arange(PAIRS) % 2 == 0
    person = draw.integers(PEOPLE, size=PAIRS)
    other = np.where(same, person, (person + draw.integers(1, PEOPLE, size=PAIRS)) % PEOPLE)
    first = draw.integers(EACH, size=PAIRS)
    second = (first + draw.integers(1, EACH, size=PAIRS)) % EACH
    return images[person * EACH + first], images[other * EACH + second], same


def test_the_measure_finds_what_is_there() -> None:
    same = np.array([True, True, False, False, True])
    assert best_accuracy(np.array([0.1, 0.2, 0.3, 0.4, 0.5]), same) == 0.8
    assert best_accuracy(np.array([5.0, 5.0, 1.0, 1.0, 5.0]), same) == 0.6


def test_nearest_pixels_verify_at_most_65_percent(
    pairs: tuple[torch.Tensor, torch.Tensor, NDArray[np.bool_]],
) -> None:
    first, second, same = pairs
    assert best_accuracy((first - second).flatten(1).norm(dim=1).double().numpy(), same) <= 0.65


def test_mean_colour_verifies_at_most_58_percent(
    pairs: tuple[torch.Tensor, torch.Tensor, NDArray[np.bool_]],
) -> None:
    first, second, same = pairs
    assert best_accuracy((first - second).mean((2, 3)).norm(dim=1).double().numpy(), same) <= 0.58
