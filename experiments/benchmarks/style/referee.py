"""The one loss that every contender's image is measured by: float32, a second way of computing the objective."""

from collections.abc import Callable

import torch
from contender import STYLE_WEIGHT, Scene
from networks import CONTENT_LAYER, DEEPEST, MEAN, STD, STYLE_LAYERS, Weights, conv_indices, features
from torch import Tensor


def referee(network: str, weights: Weights, scene: Scene) -> Callable[[Tensor], float]:
    """A function of an image, RGB in [0, 1], [1, 3, H, W]."""
    net, indices = features(network, weights), conv_indices(network)
    names = {indices[name]: name for name in (*STYLE_LAYERS, CONTENT_LAYER)}
    mean, std = (torch.tensor(values).view(1, -1, 1, 1) for values in (MEAN, STD))

    @torch.no_grad()
    def looked_at(image: Tensor) -> dict[str, Tensor]:
        at, found = (image - mean) / std, {}
        for index, layer in enumerate(net[: indices[DEEPEST] + 1]):
            at = layer(at)
            if index in names:
                found[names[index]] = at.clone()  # the network's ReLU works in place
        return found

    def grams(found: dict[str, Tensor]) -> dict[str, Tensor]:
        return {
            name: torch.einsum("bchw,bdhw->cd", found[name], found[name]) / found[name].numel()
            for name in STYLE_LAYERS
        }

    content, style = looked_at(scene.content)[CONTENT_LAYER], grams(looked_at(scene.style))

    def loss(image: Tensor) -> float:
        found = looked_at(image)
        gram = grams(found)
        content_cost = (found[CONTENT_LAYER] - content).square().mean()
        style_cost = sum((gram[name] - style[name]).square().mean() for name in STYLE_LAYERS)
        return float(content_cost + STYLE_WEIGHT * style_cost)

    return loss
