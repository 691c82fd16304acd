"""The plain loop of Gatys et al. (2016), as *Neural Transfer Using PyTorch* (Jacq, Herring) has it.

Modules that keep a loss stand in the network behind the layers they look at, and the image is clamped in each
closure. Layers, weights, pooling and padding are this experiment's, so that it lowers the same objective; but it knows
one size, float32, and L-BFGS with PyTorch's own settings.
"""

import argparse
import json
import time
from itertools import count
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.vgg import cfgs, make_layers

from likeness.data.image_as_shown import write_image
from likeness.data.style.style_pictures import style_pictures

CONTENT_LAYERS = {"relu4_2": 1.0}
STYLE_LAYERS = {"relu1_1": 10.0, "relu2_1": 1.5, "relu3_1": 0.35, "relu4_1": 1.0, "relu5_1": 2.5}
STYLE_WEIGHT = 500_000.0
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Normalization(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mean, self.std = torch.tensor(MEAN).view(-1, 1, 1), torch.tensor(STD).view(-1, 1, 1)

    def forward(self, image: Tensor) -> Tensor:
        return (image - self.mean) / self.std


class Pooling(nn.Module):
    """The mean of 2 x 2 positions, doubled: near the scale of the maximum that the network was trained with."""

    def forward(self, features: Tensor) -> Tensor:
        return 2 * functional.avg_pool2d(features, 2)


def gram(features: Tensor) -> Tensor:
    batch, channels, height, width = features.shape
    rows = features.view(batch * channels, height * width)
    return (rows @ rows.t()).div(features.numel())


class ContentLoss(nn.Module):
    def __init__(self, target: Tensor, weight: float) -> None:
        super().__init__()
        self.target, self.weight = target.detach(), weight

    def forward(self, features: Tensor) -> Tensor:
        self.loss = self.weight * functional.mse_loss(features, self.target)
        return features


class StyleLoss(nn.Module):
    def __init__(self, target: Tensor, weight: float) -> None:
        super().__init__()
        self.target, self.weight = gram(target).detach(), weight

    def forward(self, features: Tensor) -> Tensor:
        self.loss = self.weight * functional.mse_loss(gram(features), self.target)
        return features


def network(weights: Path) -> list[tuple[str, nn.Module]]:
    """The layers of VGG-16 by name."""
    features = make_layers(cfgs["D"]).requires_grad_(False).eval()
    trained = torch.load(weights, weights_only=True)
    features.load_state_dict({name.removeprefix("features."): value for name, value in trained.items()})
    features[0].padding_mode = "replicate"
    features[0]._reversed_padding_repeated_twice = [1, 1, 1, 1]
    layers, block, depth = list[tuple[str, nn.Module]](), 1, 1
    for layer in features:
        match layer:
            case nn.Conv2d():
                layers.append((f"conv{block}_{depth}", layer))
            case nn.ReLU():
                layers.append((f"relu{block}_{depth}", nn.ReLU(inplace=False)))
                depth += 1
            case nn.MaxPool2d():
                layers.append((f"pool{block}", Pooling()))
                block, depth = block + 1, 1
    return layers


@torch.no_grad()
def with_losses(layers: list[tuple[str, nn.Module]], content: Tensor, style: Tensor) -> nn.Sequential:
    bare, model = nn.Sequential(Normalization()), nn.Sequential(Normalization())
    wanted = {*CONTENT_LAYERS, *STYLE_LAYERS}
    for name, layer in layers:
        bare.append(layer)
        model.append(layer)
        if name in CONTENT_LAYERS:
            model.append(ContentLoss(bare(content), CONTENT_LAYERS[name]))
        if name in STYLE_LAYERS:
            model.append(StyleLoss(bare(style), STYLE_LAYERS[name]))
        wanted.discard(name)
        if not wanted:
            break
    return model


class TimeIsUp(Exception):
    """The seconds are spent."""


def paint(model: nn.Sequential, start: Tensor, seconds: float) -> tuple[Tensor, int, float]:
    """The image when this process has worked for so many seconds, its evaluations, and the loss of the last one."""
    styles = [module for module in model if isinstance(module, StyleLoss)]
    contents = [module for module in model if isinstance(module, ContentLoss)]
    image = start.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([image])
    evaluations, loss = count(), torch.tensor(torch.nan)

    def closure() -> Tensor:
        nonlocal loss
        with torch.no_grad():
            image.clamp_(0, 1)
        if time.process_time() > seconds:
            raise TimeIsUp
        next(evaluations)
        optimizer.zero_grad()
        model(image)
        loss = STYLE_WEIGHT * sum(module.loss for module in styles) + sum(module.loss for module in contents)
        loss.backward()
        return loss

    try:
        while True:
            optimizer.step(closure)
    except TimeIsUp:
        return image.detach(), next(evaluations), float(loss.detach())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("content")
    parser.add_argument("style")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, help="a .png; a .json of its name goes beside it"
    )
    parser.add_argument("--weights", type=Path, required=True, help="of torchvision's VGG-16")
    parser.add_argument("--size", type=int, default=384, help="of the longer side in pixels")
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="of the processor, from the start of Python on"
    )
    words = parser.parse_args()
    images = style_pictures(
        content=words.content,
        style=words.style,
        style_weights=None,
        masks=None,
        sizes=[words.size],
        portions=None,
        total_steps=1,
        style_scale=1.0,
        color="style",
    ).batch(0)
    content, style = images.content.float() / 255, images.styles[0].float() / 255
    model = with_losses(network(words.weights), content, style)
    image, evaluations, loss = paint(model, content, words.seconds)
    write_image(words.output, (255 * image[0]).round().to(torch.uint8), force=True)
    record = {
        "evaluations": evaluations,
        "last_loss": loss,
        "processor_seconds": round(time.process_time(), 1),
    }
    words.output.with_suffix(".json").write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
