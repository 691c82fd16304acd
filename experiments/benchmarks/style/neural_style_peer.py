"""The `neural-style` package (neural-style-pt), driven by its own `main` up to its optimiser's first step.

The package is a command: its main loads files, builds the network, and hands a closure to the optimiser. Here it is
given tensors and our weights in place of files, and its closure is kept in place of being run to the end.
"""

import contextlib
import io
import sys
from collections.abc import Callable
from unittest.mock import patch

import torch
from contender import STYLE_WEIGHT, Contender, Scene
from networks import CONTENT_LAYER, DEEPEST, MEAN, STD, STYLE_LAYERS, Weights, conv_indices, features
from torch import Tensor, nn
from torch.optim import Optimizer

with patch.object(sys, "argv", ["neural-style"]):  # it reads the command line when it is imported
    from neural_style import neural_style
from neural_style.loader import CaffeLoader

LEVELS = 256  # its images are BGR in [0, 256] with the mean taken off
WORDS = {
    "gpu": "c",
    "content_image": "content",
    "style_image": "style",
    "init_image": "start",
    "init": "image",
    "content_layers": CONTENT_LAYER,
    "style_layers": ",".join(STYLE_LAYERS),
    "content_weight": 1.0,
    "style_weight": STYLE_WEIGHT,
    "tv_weight": 0.0,
    "print_iter": 0,
    "save_iter": 0,
}


class Reached(Exception):
    """Its main has come as far as the first step."""


class Kept:
    """Stands for the optimiser in its main, and keeps the closure."""

    def __init__(self, image: Tensor, optimizer: Optimizer) -> None:
        self.image, self.optimizer, self.zero_grad = image, optimizer, optimizer.zero_grad

    def step(self, closure: Callable[[], Tensor]) -> None:
        self.closure = closure
        raise Reached


def make(network: str, weights: Weights, scene: Scene) -> Contender:
    kept = _first_step(network, weights, scene)
    neural_style.params.num_iterations = None  # it would save an image when it has counted so many closures
    image = kept.image
    return Contender(
        lambda: kept.optimizer.step(kept.closure),
        kept.closure,
        lambda: (image.detach().flip(1) / LEVELS + _channels(MEAN)).clamp(0, 1),
        lambda: LEVELS * image.grad.flip(1),
    )


def _first_step(network: str, weights: Weights, scene: Scene) -> Kept:
    setup, kept = neural_style.setup_optimizer, list[Kept]()

    def setup_optimizer(image: Tensor) -> tuple[Kept, int]:
        kept.append(Kept(image, setup(image)[0]))
        return kept[0], 0

    vars(neural_style.params).update(WORDS, num_iterations=1)  # iterations of one call of step
    given = {
        "loadCaffemodel": lambda *_: (_network(network, weights), getattr(CaffeLoader, f"{network}_dict")),
        "preprocess": lambda name, _: (LEVELS * (getattr(scene, name) - _channels(MEAN))).flip(1),
        "setup_gpu": lambda: (scene.content.type(), False, "cpu"),  # the kind of tensor is all that matters
        "setup_optimizer": setup_optimizer,
    }
    silence = contextlib.redirect_stdout(io.StringIO())
    with patch.multiple(neural_style, **given), silence, contextlib.suppress(Reached):
        neural_style.main()
    return kept[0]


def _network(network: str, weights: Weights) -> nn.Sequential:
    """Our weights, the first layer's turned to its scale.

    Its in-place ReLU would overwrite the convolutions that this benchmark looks at. And with convolutions for layers
    it does not notice that it has come to the deepest one, so the network ends there.
    """
    net = features(network, weights)[: conv_indices(network)[DEEPEST] + 1]
    net[0].weight.copy_((net[0].weight / (LEVELS * _channels(STD))).flip(1))
    return nn.Sequential(*(nn.ReLU() if isinstance(layer, nn.ReLU) else layer for layer in net))


def _channels(values: tuple[float, ...]) -> Tensor:
    return torch.tensor(values).view(1, -1, 1, 1)
