"""Networks of any rank: each is the twin of the one of a rank more, in which the further axis has length 1."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from likeness.data.as_float import as_float
from likeness.models.backbone import Backbone
from likeness.models.double_conv import double_conv
from likeness.models.fcn import fcn
from likeness.models.lecture_conv import lecture_conv
from likeness.models.rank import LAYERS, PoolOfVolumes, unsteady_layer
from likeness.models.small_conv import small_conv

Make = Callable[..., Backbone]
CHANNELS = 2
NETWORKS: dict[str, tuple[Make, dict[str, Any]]] = {
    "small_conv": (small_conv, {"width": 3}),
    "small_conv, statistics": (small_conv, {"width": 3, "pooling": "statistics"}),
    "double_conv": (double_conv, {"widths": [4, 5]}),
    "fcn": (fcn, {"width": 3}),
}


def made(name: str, size: list[int]) -> Backbone:
    torch.manual_seed(0)
    make, keys = NETWORKS[name]
    statistics = {"mean": [0.4, 0.5], "std": [0.2, 0.3]}
    return make(**keys, spatial_size=size, channels=CHANNELS, **statistics)


def with_weights_of(twin: Backbone, network: Backbone) -> None:
    """Give `twin`, of one rank more, the weights of `network`: along its first axis the middle of each kernel."""
    own = network.state_dict()
    for name, value in twin.state_dict().items():
        if value.ndim > own[name].ndim:
            value.zero_()
            value[:, :, (value.shape[2] - 1) // 2] = own[name]
        else:
            value.copy_(own[name])


def gradients(network: Backbone, samples: Tensor) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    """Features in training, and the gradients of a sum of them to the samples and to the weights."""
    samples = samples.clone().requires_grad_()
    features = network.train()(samples)
    (
        features * torch.linspace(-1, 1, features.numel(), dtype=features.dtype).view_as(features)
    ).sum().backward()
    assert samples.grad is not None
    return (
        features,
        samples.grad,
        {name: one.grad for name, one in network.named_parameters() if one.grad is not None},
    )


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("size", [[37], [18, 13]], ids=["signal and image", "image and volume"])
def test_a_network_is_its_twin_of_one_rank_more(name: str, size: list[int]) -> None:
    network, twin = made(name, size).double(), made(name, [1, *size]).double()
    with_weights_of(twin, network)
    samples = torch.rand(5, CHANNELS, *size, dtype=torch.float64)
    features, to_samples, to_weights = gradients(network, samples)
    twin_features, twin_to_samples, twin_to_weights = gradients(twin, samples.unsqueeze(2))
    torch.testing.assert_close(twin_features, features)
    torch.testing.assert_close(twin_to_samples.squeeze(2), to_samples)
    assert to_weights.keys() == twin_to_weights.keys()
    for weight, gradient in to_weights.items():
        theirs = twin_to_weights[weight]
        if theirs.ndim > gradient.ndim:
            theirs = theirs[:, :, (theirs.shape[2] - 1) // 2]
        torch.testing.assert_close(theirs, gradient)


@pytest.mark.parametrize(("rank", "channels"), [(1, 1), (2, 3), (3, 1)])
def test_the_lecture_s_network_has_the_lecture_s_shapes(rank: int, channels: int) -> None:
    keys = {"widths": [16, 32], "kernel": 5, "mean": [0.5] * channels, "std": [0.5] * channels}
    backbone = lecture_conv(spatial_size=[14] * rank, channels=channels, **keys)
    samples = torch.rand(2, channels, *[14] * rank)
    shapes = {}
    for layer in backbone.network:
        samples = layer(samples)
        if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Conv3d):
            shapes[layer.out_channels] = list(samples.shape[1:])
    assert shapes == {16: [16, *[10] * rank], 32: [32, *[6] * rank]}
    assert backbone.feature_dim == samples.shape[1] == 32 * 6**rank
    with pytest.raises(ValueError, match="2 convolutions of side 5 leave nothing of 8"):
        lecture_conv(spatial_size=[8] * rank, channels=channels, **keys)


@pytest.mark.parametrize("kernel", [(2, 2, 2), (1, 2, 2), (2, 1, 3)])
def test_the_pool_of_volumes_is_torch_s(kernel: tuple[int, int, int]) -> None:
    volumes = torch.randn(2, 3, 5, 6, 7, dtype=torch.float64, requires_grad=True)
    ours = PoolOfVolumes(kernel)(volumes)
    theirs = functional.max_pool3d(volumes, kernel)
    assert torch.equal(ours, theirs)
    upstream = torch.randn_like(ours)
    assert torch.equal(
        *(torch.autograd.grad(pooled, volumes, upstream, retain_graph=True)[0] for pooled in (ours, theirs))
    )


def test_no_network_of_ours_has_a_layer_without_a_steady_gradient() -> None:
    for name in NETWORKS:
        assert unsteady_layer(made(name, [16, 16, 16])) is None
    theirs = nn.Sequential(nn.Conv3d(1, 2, 3), nn.AdaptiveAvgPool3d(1))
    assert unsteady_layer(theirs) == "1"


@pytest.mark.parametrize("rank", LAYERS)
def test_interpolation_is_torch_s_of_that_rank(rank: int) -> None:
    samples = torch.rand(1, 1, *[4] * rank)
    assert (
        functional.interpolate(samples, scale_factor=2, mode=LAYERS[rank].interpolation).shape[2:]
        == (8,) * rank
    )


def test_channels_last_is_of_images_and_volumes_and_changes_no_value() -> None:
    for axes, layout in ((2, torch.channels_last), (3, torch.channels_last_3d)):
        images = torch.randint(0, 256, (2, 3, *[4] * axes), dtype=torch.uint8)
        last = as_float(images, channels_last=True)
        assert last.is_contiguous(memory_format=layout)
        assert torch.equal(last, as_float(images))
        assert torch.equal(last, images.float().div(255))
    signals = torch.randn(2, 3, 4)
    assert torch.equal(as_float(signals), signals)  # floats are what they are
