"""Networks into which a detector was planted give back what was planted: an edge, a chirp, a blob."""

import numpy as np
import pytest
import torch
from layered_networks import CONVOLUTION
from torch import Tensor, nn

from likeness.inspection import LayeredNetwork, Strongest, optimised_inputs, receptive_fields

SIDES = {1: (128,), 2: (32, 32), 3: (16, 16, 16)}
DEEPER = 2  # the layers before the detector, which hand on what they are given


def edge() -> Tensor:
    """Dark on the left, bright on the right."""
    return torch.cat([-torch.ones(7, 3), torch.zeros(7, 1), torch.ones(7, 3)], dim=1)


def chirp() -> Tensor:
    """Ever faster."""
    time = torch.linspace(0, 1, 31)
    return torch.sin(2 * torch.pi * (1 * time + 3 * time**2))


def blob() -> Tensor:
    """Bright in the middle."""
    axis = torch.linspace(-1, 1, 5)
    distance = sum(part.square() for part in torch.meshgrid(axis, axis, axis, indexing="ij"))
    found = torch.exp(-2 * distance)
    return found - found.mean()


PLANTED = {1: chirp, 2: edge, 3: blob}


def planted(rank: int) -> tuple[LayeredNetwork, Tensor]:
    """A network of a layer that hands on, a ReLU on a shifted copy, and the detector; and what the detector is."""
    template = PLANTED[rank]()
    template = (template - template.mean()) / (template - template.mean()).norm()
    handing, detector = CONVOLUTION[rank](1, 1, 1), CONVOLUTION[rank](1, 2, tuple(template.shape))
    with torch.no_grad():
        handing.weight.fill_(1)
        handing.bias.fill_(0.5)
        detector.weight[0, 0], detector.weight[1, 0] = template, -template
        detector.bias.zero_()
    return LayeredNetwork(nn.Sequential(handing, nn.ReLU(), detector), SIDES[rank], 1), template


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_the_strongest_patches_are_what_was_planted(rank: int) -> None:
    network, template = planted(rank)
    draw = np.random.default_rng(rank)
    images = 0.5 + 0.1 * torch.from_numpy(draw.normal(size=(40, 1, *SIDES[rank]))).float()
    places = {}
    for index in draw.choice(40, 9, replace=False):  # nine of forty show it, somewhere
        start = [
            int(draw.integers(side - long + 1))
            for side, long in zip(SIDES[rank], template.shape, strict=True)
        ]
        where = tuple(slice(at, at + long) for at, long in zip(start, template.shape, strict=True))
        images[(int(index), 0, *where)] += 2 * template
        places[int(index)] = where
    strongest = Strongest(2, 9)
    network.read(images, ["2"], lambda _, maps: strongest.add(maps, torch.arange(40)))
    field = receptive_fields(network, ["2"])["2"]
    found = {}
    for index, position in zip(strongest.index[0].tolist(), strongest.position[0].tolist(), strict=True):
        found[index] = field.box(np.unravel_index(position, network.layers["2"].sides), SIDES[rank])
    assert found == places


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_optimisation_finds_what_was_planted(rank: int) -> None:
    network, template = planted(rank)
    field = receptive_fields(network, ["2"])["2"]
    inputs = optimised_inputs(network, "2", [0, 1], steps=60, seed=0)
    box = field.box([side // 2 for side in network.layers["2"].sides], SIDES[rank])
    for image, sign in zip(inputs[:, 0], (1, -1), strict=True):
        seen = image[box] - image[box].mean()
        likeness = sign * float((seen * template).sum() / seen.norm())
        assert likeness > 0.75
    assert inputs.min() >= 0
    assert inputs.max() <= 1
