from collections.abc import Callable
from functools import partial

import pytest
import torch
from plain_vgg import ASKED, ours

from likeness.models.features import FeatureNetwork
from likeness.models.features.vgg import vgg19_normalised

NETWORKS: dict[str, Callable[[], FeatureNetwork]] = {
    "vgg19": ours,
    "replicated": partial(ours, "vgg16", ["relu1_2", "conv3_3"], padding_mode="replicate", pooling="average"),
    "pool": partial(ours, "vgg16", ["conv2_1", "pool3"]),
    "normalised": partial(
        vgg19_normalised, weights=None, pooling="max", average_scale=2.0, layers=["relu2_1", "relu4_1"]
    ),
}


@pytest.fixture(scope="module")
def networks() -> dict[str, FeatureNetwork]:
    """Each in float64."""
    torch.manual_seed(0)
    return {name: make().double() for name, make in NETWORKS.items()}


# Convolutions of side 3 see one position to each side: in vgg19 2 at stride 1, 2 at 2, 4 at 4, 4 at 8 and 1 at 16.
MARGINS = {
    "vgg19": 80,
    "replicated": 20,
    "pool": 24,
    "normalised": 32,
}
SEEN = {"vgg19": 2 + 2 * 2 + 4 * 4 + 4 * 8 + 16, "replicated": 18, "pool": 18, "normalised": 30}


def test_the_margin_is_what_the_convolutions_see_to_whole_strides(
    networks: dict[str, FeatureNetwork],
) -> None:
    for name, network in networks.items():
        assert network.stride is not None
        deepest = max(network.stride.values())
        assert network.receptive_field == MARGINS[name]
        assert 0 <= MARGINS[name] - SEEN[name] < deepest
    assert networks["vgg19"].stride == dict(zip(ASKED, (1, 2, 4, 8, 8, 16), strict=True))


@pytest.mark.parametrize("name", MARGINS)
@pytest.mark.parametrize("start", [0, 96, 160])
def test_a_tile_with_its_margin_sees_what_the_whole_image_does(
    networks: dict[str, FeatureNetwork], name: str, start: int
) -> None:
    network = networks[name]
    assert network.receptive_field is not None
    images = torch.rand(1, 3, 37, 203, dtype=torch.float64)  # one side is no multiple of any stride
    end = min(start + 48, 203) if start < 160 else 203
    whole = network(images)
    assert _differ(network, whole, images, start, end, network.receptive_field) == set()


@pytest.mark.parametrize("name", MARGINS)
def test_the_deepest_layer_needs_all_of_the_margin(networks: dict[str, FeatureNetwork], name: str) -> None:
    network = networks[name]
    assert network.receptive_field is not None
    assert network.stride is not None
    images = torch.rand(1, 3, 37, 256, dtype=torch.float64)
    less = network.receptive_field - max(network.stride.values())
    assert list(network.stride)[-1] in _differ(network, network(images), images, 96, 144, less)


def _differ(
    network: FeatureNetwork,
    whole: dict[str, torch.Tensor],
    images: torch.Tensor,
    start: int,
    end: int,
    margin: int,
) -> set[str]:
    """The layers whose activations of the columns from `start` to `end` differ in a crop with this margin."""
    assert network.stride is not None
    left, right = max(start - margin, 0), min(end + margin, images.shape[3])
    different = set()
    for layer, maps in network(images[..., left:right]).items():
        stride = network.stride[layer]
        positions = (whole[layer].shape[3] if end == images.shape[3] else end // stride) - start // stride
        offset = (start - left) // stride
        own = maps[..., offset : offset + positions]
        same = whole[layer][..., start // stride : start // stride + positions]
        if not torch.allclose(own, same, rtol=1e-12, atol=1e-12):
            different.add(layer)
    return different
