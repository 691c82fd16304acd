"""VGG by PyTorch's own modules and autograd, to compare with."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torchvision.models.vgg import cfgs, make_layers

from likeness.models.features.network import FeatureNetwork
from likeness.models.features.vgg import vgg_features
from likeness.models.features.vgg_architecture import layer_names

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
ASKED = ["conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv4_2", "conv5_1"]


def torchvision_features(name: str) -> nn.Sequential:
    """The convolutions of torchvision's network with random weights that keep the activations' scale."""
    features = make_layers(cfgs[{"vgg16": "D", "vgg19": "E"}[name]], batch_norm=False)
    for layer in features:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.normal_(layer.bias, std=0.1)
        elif isinstance(layer, nn.ReLU):
            layer.inplace = False
    return features.requires_grad_(False)


def ours(name: str = "vgg19", layers: Sequence[str] = ASKED, **changed: object) -> FeatureNetwork:
    words: dict[str, object] = {
        "weights": None,
        "pooling": "max",
        "average_scale": 2.0,
        "padding_mode": "zeros",
        "channel_order": "rgb",
        "mean": MEAN,
        "std": STD,
    }
    return vgg_features(name=name, layers=layers, **{**words, **changed})  # type: ignore[arg-type]


def plain(features: nn.Sequential, name: str, images: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
    mean, std = (torch.tensor(numbers).to(images).view(3, 1, 1) for numbers in (MEAN, STD))
    maps, activations = (images - mean) / std, {}
    for layer, module in zip(layer_names(name), features, strict=True):
        maps = module(maps)
        if layer in layers:
            activations[layer] = maps
    return activations


def gradients(activations: dict[str, Tensor], images: Tensor, seed: int = 0) -> Tensor:
    """The gradient by `images` of the activations' sum, each weighted by noise of its own."""
    generator = torch.Generator().manual_seed(seed)
    weights = [torch.randn(maps.shape, generator=generator).to(maps) for maps in activations.values()]
    return torch.autograd.grad(list(activations.values()), images, weights)[0]
