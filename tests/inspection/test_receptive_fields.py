"""A receptive field is what a unit sees, and no more: values outside it change nothing, values in it do."""

import numpy as np
import pytest
import torch
from layered_networks import SIDES, branched, chain, layered
from torch import nn

from likeness.inspection import LayeredNetwork, receptive_fields
from likeness.inspection.fields.arithmetic import fields_by_arithmetic
from likeness.inspection.fields.measured import fields_by_gradient
from likeness.models.timm_backbone import timm_backbone


def lite0(side: int) -> LayeredNetwork:
    backbone = timm_backbone(
        name="tf_efficientnet_lite0",
        weights=None,
        pooling="own",
        stages=None,
        frozen_stages=0,
        spatial_size=side,
        channels=3,
        mean=[0.5] * 3,
        std=[0.5] * 3,
    )
    return LayeredNetwork(backbone, (side, side), 3, backbone.network)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("build", [chain, branched])
def test_only_what_is_in_the_box_changes_a_unit(build, rank: int) -> None:
    network = layered(build, rank)
    names = [name for name, layer in network.layers.items() if min(layer.sides) > 1]
    draw = np.random.default_rng(rank)
    images = torch.rand(1, 1, *SIDES[rank])
    assert len(names) > 4
    for name, field in receptive_fields(network, names).items():
        layer = network.layers[name]
        assert field is not None, name
        for corner in (True, False):
            sides = layer.sides
            at = tuple(0 if corner else int(draw.integers(side)) for side in sides)
            box = field.box(at, SIDES[rank])
            before = network.features(images, [name])[name][(0, slice(None), *at)]
            outside = torch.rand_like(images) * 10 - 5
            outside[:, :, *box] = images[:, :, *box]
            after = network.features(outside, [name])[name][(0, slice(None), *at)]
            torch.testing.assert_close(after, before, msg=f"{name} at {at} sees beyond {box}")
            for axis, one in enumerate(box):  # each face of the box is seen by some input
                for face in (one.start, one.stop - 1):
                    inside = images.repeat(8, 1, *[1] * rank)
                    slab = [*box]
                    slab[axis] = slice(face, face + 1)
                    inside[:, :, *slab] = torch.randn(8, 1, *(s.stop - s.start for s in slab)) * 20
                    moved = network.features(inside, [name])[name][(slice(None), slice(None), *at)]
                    assert (moved != before).any(), f"{name} at {at} does not see {face} of axis {axis}"


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_arithmetic_and_gradient_agree(rank: int) -> None:
    network = layered(chain, rank)
    names = [name for name, layer in network.layers.items() if min(layer.sides) > 1]
    arithmetic = fields_by_arithmetic(network.within, rank)
    gradient = fields_by_gradient(network, names)
    assert {name: arithmetic[name] for name in names} == gradient


def test_arithmetic_stops_where_the_chain_does() -> None:
    known = fields_by_arithmetic(branched(2), 2)
    assert list(known) == ["0", "1"]
    assert known["1"].size == (3, 3)


def test_fields_that_do_not_follow_each_other_by_one_stride_are_not_given() -> None:
    """Behind an interpolation two neighbours see the same values: no start and stride says where each looks."""
    built = nn.Sequential(nn.Conv2d(1, 2, 3, 2, 1), nn.ConvTranspose2d(2, 2, 2, 2), nn.Conv2d(2, 2, 3, 1, 1))
    network = LayeredNetwork(built, (32, 32), 1)
    first, *later = receptive_fields(network, ["0", "1", "2"]).values()
    assert first is not None
    assert (first.stride, first.size) == ((2, 2), (3, 3))
    assert later == [None, None]


def test_a_unit_behind_a_gate_of_the_whole_sees_the_whole() -> None:
    class Gate(nn.Module):
        def forward(self, maps: torch.Tensor) -> torch.Tensor:
            return maps * maps.mean((2, 3), keepdim=True)

    network = LayeredNetwork(nn.Sequential(nn.Conv2d(1, 2, 3), Gate()), (16, 16), 1)
    fields = receptive_fields(network, ["0", "1"])
    assert fields["0"].size == (3, 3)
    assert fields["1"] is None


def test_lite0_begins_with_its_published_fields() -> None:
    names = ["bn1", "blocks.0.0.bn2", "blocks.1.1.bn3", "blocks.2.1.bn3"]
    fields = receptive_fields(lite0(64), names)
    assert [field.size for field in fields.values()] == [(3, 3), (7, 7), (19, 19), (67, 67)]
    assert fields["bn1"].start == (0, 0)  # padding "same" is on one side alone where the side is even


@pytest.mark.slow
def test_lite0_has_its_published_fields() -> None:
    names = ["bn1", "blocks.0.0.bn2", "blocks.1.1.bn3", "blocks.2.1.bn3", "blocks.3.2.bn3", "blocks.4.2.bn3"]
    fields = receptive_fields(lite0(64), names)
    assert [field.size[0] for field in fields.values()] == [3, 7, 19, 67, 147, 339]
