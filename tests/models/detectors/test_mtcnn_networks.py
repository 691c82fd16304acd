"""The three networks: their size, and their answers with the authors' weights beside facenet-pytorch 2.6.0's."""

import importlib
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from waves import waves

from likeness.models.detectors.mtcnn_networks import OutputNetwork, ProposalNetwork, RefinementNetwork
from likeness.models.detectors.mtcnn_weights import MTCNNNetworks, mtcnn_networks

CLOSE = {"rtol": 0, "atol": 1e-5}

STORED = {
    "proposal": [
        [[0.999499, 0.000501], [0.99995, 5e-05]],
        [[0.198948, -0.17768, -0.046616, -0.046987], [0.196334, 0.113601, -0.171343, 0.159028]],
    ],
    "refinement": [
        [[0.994757, 0.005243], [0.995841, 0.004159]],
        [[-0.29669, -0.136087, -0.03239, 0.520915], [-0.337244, -0.313826, -0.001622, 0.487668]],
    ],
    "output": [
        [[0.993254, 0.006746], [0.999998, 2e-06]],
        [[-0.080625, -0.039818, 0.209738, 0.021331], [-0.053714, -0.175273, 0.090058, 0.289229]],
        [
            [
                0.576449,
                0.717346,
                0.561474,
                0.384938,
                0.514807,
                0.342855,
                0.378185,
                0.483371,
                0.561089,
                0.588721,
            ],
            [
                0.386888,
                0.670253,
                0.395001,
                0.2167,
                0.367941,
                0.200633,
                0.281039,
                0.564895,
                0.820749,
                0.869382,
            ],
        ],
    ],
}
"""What facenet-pytorch 2.6.0 says of two crops of waves: probabilities, offsets, and five x and five y of points."""


@pytest.fixture(scope="module")
def networks(real_data: Path) -> MTCNNNetworks:
    return mtcnn_networks(real_data / "weights")


@torch.no_grad()
def answers(network: nn.Module, crops: Tensor) -> list[Tensor]:
    """Probabilities, offsets, and the ten numbers of points in the file's order where there are some."""
    logits, offsets, *points = network(crops)
    return [logits.softmax(1), offsets, *(each.transpose(1, 2).flatten(1) for each in points)]


@pytest.mark.parametrize(
    ("network", "parameters"),
    [(ProposalNetwork, 6_632), (RefinementNetwork, 100_178), (OutputNetwork, 389_040)],
)
def test_the_number_of_parameters(network: type[nn.Module], parameters: int) -> None:
    assert sum(values.numel() for values in network().parameters()) == parameters


def test_p_net_looks_at_a_window_of_12_pixels_at_every_second_one() -> None:
    for height, width in ((12, 12), (13, 14), (31, 46)):
        logits, offsets = ProposalNetwork()(torch.rand(2, 3, height, width))
        places = (-(-height // 2) - 5, -(-width // 2) - 5)
        assert logits.shape == (2, 2, *places)
        assert offsets.shape == (2, 4, *places)


def test_every_parameter_of_each_network_learns() -> None:
    for network, side in ((ProposalNetwork(), 12), (RefinementNetwork(), 24), (OutputNetwork(), 48)):
        sum(answer.square().sum() for answer in network(torch.rand(4, 3, side, side))).backward()
        assert all(values.grad is not None and values.grad.abs().sum() > 0 for values in network.parameters())


@pytest.mark.real_data
@pytest.mark.parametrize(("name", "side"), [("proposal", 12), ("refinement", 24), ("output", 48)])
def test_answers_are_the_stored_ones(networks: MTCNNNetworks, name: str, side: int) -> None:
    for given, stored in zip(answers(getattr(networks, name), waves(2, side)), STORED[name], strict=True):
        torch.testing.assert_close(given.flatten(1), torch.tensor(stored), **CLOSE)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "peer", "sides"),
    [("proposal", "PNet", (12, 13, 60)), ("refinement", "RNet", (24,)), ("output", "ONet", (48,))],
)
def test_answers_are_those_of_facenet_pytorch(
    networks: MTCNNNetworks, name: str, peer: str, sides: tuple[int, ...]
) -> None:
    pytest.importorskip(
        "facenet_pytorch", reason="pip install --no-deps facenet-pytorch==2.6.0 to compare with it"
    )
    other = getattr(importlib.import_module("facenet_pytorch"), peer)(pretrained=False)
    other.load_state_dict(getattr(networks, name).state_dict())
    for side in sides:
        crops = waves(5, side)
        with torch.no_grad():
            *told, probabilities = other(crops)
        for given, expected in zip(
            answers(getattr(networks, name), crops), [probabilities, *told], strict=True
        ):
            torch.testing.assert_close(given, expected, **CLOSE)
