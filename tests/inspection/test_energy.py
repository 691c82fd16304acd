"""The gradient's energy, the box that holds most of it, and the saliency of a pair."""

import numpy as np
import pytest
import torch
from layered_networks import SIDES, branched, layered
from torch import nn

from likeness.inspection import LayeredNetwork, box_of_energy, energy_of, saliency_of_pairs


@pytest.mark.parametrize("shape", [(40,), (20, 24), (9, 10, 11)])
def test_the_box_holds_its_share_and_no_slice_more(shape: tuple[int, ...]) -> None:
    energy = np.random.default_rng(0).random(shape) ** 8
    box = box_of_energy(energy, 0.9)
    assert energy[box].sum() >= 0.9 * energy.sum()
    for axis, one in enumerate(box):
        for smaller in (slice(one.start + 1, one.stop), slice(one.start, one.stop - 1)):
            inner = list(box)
            inner[axis] = smaller
            assert energy[tuple(inner)].sum() < 0.9 * energy.sum()


def test_what_lies_in_one_place_has_a_box_of_one() -> None:
    energy = np.zeros((12, 9))
    energy[3, 7] = 2
    assert box_of_energy(energy) == (slice(3, 4), slice(7, 8))


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_the_energy_is_that_of_differences(rank: int) -> None:
    network = layered(branched, rank)
    network.network.double()
    images = torch.rand(2, 1, *SIDES[rank], dtype=torch.float64)
    energy = energy_of(network, "2.long.2", images, [0, 2], [5, 3])
    image, unit, position = 1, 2, 3
    at = tuple(int(place) for place in np.unravel_index(energy[image].argmax(), SIDES[rank]))
    step = 1e-6
    values = []
    for sign in (1, -1):
        moved = images.clone()
        moved[(image, 0, *at)] += sign * step
        values.append(
            float(network.features(moved, ["2.long.2"])["2.long.2"].flatten(2)[image, unit, position])
        )
    assert ((values[0] - values[1]) / (2 * step)) ** 2 == pytest.approx(energy[(image, *at)], rel=1e-4)


def test_saliency_is_where_two_inputs_are_compared() -> None:
    """A network that looks at the left half alone has no saliency on the right, and more where inputs differ more."""
    looks = torch.zeros(1, 1, 1, 8)
    looks[..., :4] = 1

    def compare(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        return ((first - second) * looks).square().flatten(1).sum(1)

    first, second = torch.zeros(2, 1, 6, 8), torch.zeros(2, 1, 6, 8)
    second[:, :, 2, 1] = 0.5
    second[:, :, 4, 6] = 3
    distances, by_first, by_second = saliency_of_pairs(compare, first, second)
    assert distances.tolist() == [0.25, 0.25]
    expected = torch.zeros(2, 6, 8)
    expected[:, 2, 1] = 1.0
    torch.testing.assert_close(by_first, expected)
    torch.testing.assert_close(by_second, expected)


def test_a_unit_without_a_gradient_has_a_box_all_the_same() -> None:
    network = LayeredNetwork(nn.Sequential(nn.Conv1d(1, 1, 3), nn.ReLU()), (9,), 1)
    with torch.no_grad():
        network.network[0].weight.zero_()
    energy = energy_of(network, "0", torch.rand(1, 1, 9), [0], [2])[0]
    (box,) = box_of_energy(energy)
    assert 0 <= box.start < box.stop <= 9
