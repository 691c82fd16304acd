"""Layers are read before their activation, wherever that stands."""

import pytest
import torch
from layered_networks import branched, chain, layered
from test_receptive_fields import lite0
from torch import nn

from likeness.inspection import LayeredNetwork


def test_the_value_is_that_before_the_activation() -> None:
    network = layered(chain, 2)
    images = torch.rand(3, 1, 48, 40)
    convolution, norm = network.network[0][0], network.network[0][1]
    expected = norm(convolution(images))
    found = network.features(images, ["0.1", "0.2", "0"])
    assert (expected < 0).any()
    for name in ("0.1", "0.2", "0"):
        torch.testing.assert_close(found[name], expected)


def test_what_a_fused_normalisation_gives_its_activation_is_read() -> None:
    network = lite0(32)
    images = torch.rand(2, 3, 32, 32)
    stem = network.network.network.conv_stem(images * 2 - 1)
    norm = network.network.network.bn1
    expected = nn.functional.batch_norm(
        stem, norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=norm.eps
    )
    torch.testing.assert_close(network.features(images, ["bn1"])["bn1"], expected)


def test_convolutions_go_by_their_normalisations() -> None:
    network = layered(chain, 2)
    assert network.convolutions == ["0.1", "2", "5"]
    assert [network.layers[name].rectified for name in network.convolutions] == [True, True, False]


def test_lite0_has_its_21008_units() -> None:
    network = lite0(64)
    assert sum(network.layers[name].channels for name in network.convolutions) == 21008
    assert len(network.convolutions) == 49


def test_a_module_that_is_called_twice_is_read_at_its_last_call() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.convolution, self.act = nn.Conv1d(2, 2, 3, padding=1), nn.ReLU()

        def forward(self, maps: torch.Tensor) -> torch.Tensor:
            return self.act(self.convolution(self.act(maps - 0.5)))

    network = LayeredNetwork(Twice(), (8,), 2)
    images = torch.rand(1, 2, 8)
    expected = network.network.convolution((images - 0.5).relu())
    torch.testing.assert_close(network.features(images, ["act"])["act"], expected)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_the_gradient_reaches_the_images_and_no_weight(rank: int) -> None:
    network = layered(branched, rank)
    name = network.convolutions[-1]
    images = torch.rand(2, 1, *network.sides, requires_grad=True)
    network.features(images, [name])[name].sum().backward()
    assert images.grad is not None
    assert images.grad.abs().sum() > 0
    assert all(weight.grad is None for weight in network.network.parameters())


def test_reading_changes_nothing_in_the_network() -> None:
    network = layered(chain, 2)
    before = {name: value.clone() for name, value in network.network.state_dict().items()}
    network.features(torch.rand(4, 1, 48, 40), network.convolutions)
    assert not network.network.training
    assert all(torch.equal(before[name], value) for name, value in network.network.state_dict().items())


def test_what_comes_after_the_last_layer_is_not_computed() -> None:
    calls = []

    class Noted(nn.Identity):
        def forward(self, maps: torch.Tensor) -> torch.Tensor:
            calls.append(1)
            return maps

    network = LayeredNetwork(nn.Sequential(nn.Conv1d(1, 1, 3), nn.Conv1d(1, 1, 3), Noted()), (9,), 1)
    calls.clear()
    network.features(torch.rand(1, 1, 9), ["0", "1"])
    assert not calls
