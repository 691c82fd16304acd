"""A plain loop after the tutorial *Neural Transfer Using PyTorch* (Jacq, Herring), with this benchmark's layers.

Its way: modules that keep a loss are put into the network behind the layers they look at, and the image is clamped
in each closure. Its newer form freezes the network's weights, which ours here does too.
"""

import torch
from contender import STYLE_WEIGHT, Contender, Scene
from networks import CONTENT_LAYER, MEAN, STD, STYLE_LAYERS, Weights, conv_indices, features
from torch import Tensor, nn
from torch.nn import functional


class Normalization(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mean, self.std = torch.tensor(MEAN).view(-1, 1, 1), torch.tensor(STD).view(-1, 1, 1)

    def forward(self, image: Tensor) -> Tensor:
        return (image - self.mean) / self.std


def gram(features: Tensor) -> Tensor:
    batch, channels, height, width = features.shape
    rows = features.view(batch * channels, height * width)
    return (rows @ rows.t()).div(features.numel())


class ContentLoss(nn.Module):
    def __init__(self, target: Tensor) -> None:
        super().__init__()
        self.target = target.detach()

    def forward(self, features: Tensor) -> Tensor:
        self.loss = functional.mse_loss(features, self.target)
        return features


class StyleLoss(nn.Module):
    def __init__(self, target: Tensor) -> None:
        super().__init__()
        self.target = gram(target).detach()

    def forward(self, features: Tensor) -> Tensor:
        self.loss = functional.mse_loss(gram(features), self.target)
        return features


def _with_losses(network: str, weights: Weights, scene: Scene) -> nn.Sequential:
    names = {index: name for name, index in conv_indices(network).items()}
    model = nn.Sequential(Normalization())
    wanted = {CONTENT_LAYER, *STYLE_LAYERS}
    for index, layer in enumerate(features(network, weights)):
        model.append(nn.ReLU(inplace=False) if isinstance(layer, nn.ReLU) else layer)
        name = names.get(index)
        if name == CONTENT_LAYER:
            model.append(ContentLoss(model(scene.content)))
        elif name in STYLE_LAYERS:
            model.append(StyleLoss(model(scene.style)))
        wanted.discard(name)
        if not wanted:
            break
    return model


def make(network: str, weights: Weights, scene: Scene) -> Contender:
    model = _with_losses(network, weights, scene)
    styles = [module for module in model if isinstance(module, StyleLoss)]
    contents = [module for module in model if isinstance(module, ContentLoss)]
    image = scene.start.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([image], max_iter=1)

    def closure() -> Tensor:
        with torch.no_grad():
            image.clamp_(0, 1)
        optimizer.zero_grad()
        model(image)
        loss = STYLE_WEIGHT * sum(module.loss for module in styles) + sum(module.loss for module in contents)
        loss.backward()
        return loss

    return Contender(
        lambda: optimizer.step(closure), closure, lambda: image.detach().clamp(0, 1), lambda: image.grad
    )
