"""The VGG networks of the benchmark: names of layers, weights that every contender gets, and work per pass."""

import os
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.models.vgg import cfgs, make_layers

CONFIGURATIONS = {"vgg16": "D", "vgg19": "E"}  # the letters of Simonyan and Zisserman (2015), table 1
STYLE_LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
CONTENT_LAYER = "conv4_2"
DEEPEST = STYLE_LAYERS[-1]
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

SHARED = Path(os.environ.get("LIKENESS_SHARED", Path(__file__).parents[4] / "shared"))
VGG16_WEIGHTS = SHARED / "weights" / "vgg16-imagenet-features.pth"

Weights = dict[str, Tensor]


def conv_indices(network: str) -> dict[str, int]:
    """Position of each convolution, such as `conv4_2`, in torchvision's `features`."""
    indices, block, depth, position = dict[str, int](), 1, 1, 0
    for width in cfgs[CONFIGURATIONS[network]]:
        if width == "M":
            block, depth, position = block + 1, 1, position + 1
        else:
            indices[f"conv{block}_{depth}"] = position
            depth, position = depth + 1, position + 2
    return indices


def random_vgg19() -> Weights:
    """The same made-up weights every time: He's normal draw keeps the scale of activations, so speed is as usual."""
    draw = torch.Generator().manual_seed(0)
    weights = Weights()
    for name, empty in _empty("vgg19").state_dict().items():
        weights[f"features.{name}"] = torch.zeros(empty.shape)
        if empty.ndim == 4:
            nn.init.kaiming_normal_(weights[f"features.{name}"], nonlinearity="relu", generator=draw)
    return weights


def trained_vgg16() -> Weights:
    """ImageNet weights of the convolutions; a FileNotFoundError where the data pack is not there."""
    return torch.load(VGG16_WEIGHTS, weights_only=True)


def features(network: str, weights: Weights) -> nn.Sequential:
    """torchvision's `features` with a copy of `weights`, frozen."""
    net = _empty(network).to(next(iter(weights.values())).dtype).to_empty(device="cpu")
    net.load_state_dict({name.removeprefix("features."): value for name, value in weights.items()})
    return net.requires_grad_(False).eval()


def _empty(network: str) -> nn.Sequential:
    with torch.device("meta"):
        return make_layers(cfgs[CONFIGURATIONS[network]])


def giga_operations(network: str, side: int) -> float:
    """10^9 multiplications and additions of the convolutions up to the deepest layer: a forward pass and a backward
    pass to the image, which costs as much again.
    """
    deepest, total, pixels = conv_indices(network)[DEEPEST], 0, side * side
    for layer in _empty(network)[: deepest + 1]:
        if isinstance(layer, nn.MaxPool2d):
            pixels //= 4
        elif isinstance(layer, nn.Conv2d):
            total += 2 * 2 * layer.weight.numel() * pixels
    return total / 1e9
