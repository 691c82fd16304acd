"""A VGG's weights in the files that they are published in."""

import re
from collections.abc import Mapping, Sequence

import torchvision
from torch import Tensor, nn

from likeness.models.features.vgg_architecture import convolution_shapes
from likeness.models.weights import from_hub, read_weights, without_prefix

FILES = {
    "vgg16": "torchvision publishes vgg16-397923af.pth, which weights=hub downloads",
    "vgg19": "torchvision publishes vgg19-dcbb9e9d.pth, which weights=hub downloads",
    "vgg19_normalised": "the project naoto0804/pytorch-AdaIN publishes vgg_normalised.pth with its releases",
}


def load_vgg(convolutions: Mapping[str, nn.Module], network: str, weights: str, names: Sequence[str]) -> None:
    """Load torchvision's layout: `features.N.weight`, or `N.weight`, or `conv1_1.weight`, whatever else is there.

    Args:
        convolutions: those to load into, by name.
        network: `vgg16` or `vgg19`.
        weights: `hub`, or a file's path.
        names: all layers of the network, in order.

    Raises:
        ValueError: the weights can't be had or read, or belong to another network.
    """
    if weights == "hub":
        weights_of = torchvision.models.get_model_weights(network)
        state = from_hub(weights_of.DEFAULT.get_state_dict, network)
    else:
        state = read_weights(weights, published=FILES[network])
    places = {name: str(place) for place, name in enumerate(names)}
    for keys in (
        {name: f"features.{place}" for name, place in places.items()},
        places,
        {n: n for n in names},
    ):
        state = without_prefix(state, [f"{keys[name]}.weight" for name in convolutions], weights)
        if f"{keys['conv1_1']}.weight" in state:
            break
    _load(convolutions, network, state, weights, {name: keys[name] for name in convolution_shapes(names)})


def load_vgg_normalised(convolutions: Mapping[str, nn.Module], path: str, names: Sequence[str]) -> None:
    """Load AdaIN's layout, a sequence in which a padding stands before each convolution but the first.

    Raises:
        ValueError: the file can't be read, or belongs to another network.
    """
    read = read_weights(path, published=FILES["vgg19_normalised"])
    modules: list[str] = []
    for name in names:
        modules += ["padding", name] if name.startswith("conv") and name != "conv0" else [name]
    keys = {name: str(modules.index(name)) for name in convolution_shapes(names)}
    state = without_prefix(read, [f"{keys[name]}.weight" for name in convolutions], path)
    _load(convolutions, "vgg19_normalised", state, path, keys)


def _load(
    convolutions: Mapping[str, nn.Module],
    network: str,
    state: Mapping[str, Tensor],
    source: str,
    keys: Mapping[str, str],
) -> None:
    misfit = _first_misfit(state, keys, needed=convolutions)
    if misfit:
        raise ValueError(
            f"The weights in {source} are not those of {network}: {misfit}; choose the backbone they were made for."
        )
    for name, convolution in convolutions.items():
        convolution.load_state_dict({part: state[f"{keys[name]}.{part}"] for part in ("weight", "bias")})


def _first_misfit(
    state: Mapping[str, Tensor], keys: Mapping[str, str], needed: Mapping[str, nn.Module]
) -> str | None:
    """What doesn't fit, of the layers needed and of the deeper ones: two networks may begin alike."""
    shapes = convolution_shapes(list(keys))
    expected: dict[str, tuple[int, ...]] = {}
    for name, key in keys.items():
        channels_in, channels_out, side = shapes[name]
        expected |= {f"{key}.weight": (channels_out, channels_in, side, side), f"{key}.bias": (channels_out,)}
        for part in ("weight", "bias"):
            if name in needed and f"{key}.{part}" not in state:
                return f"{key}.{part} ({name}) is missing"
    for key, value in state.items():
        if re.match(r"(features\.)?\d+\.|conv", key) and tuple(value.shape) != expected.get(key):
            wanted = f", not {expected[key]}" if key in expected else " and should not be there"
            return f"{key} has the shape {tuple(value.shape)}{wanted}"
    return None
