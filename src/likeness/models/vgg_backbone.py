"""VGG-16 or VGG-19 as a backbone, of torch's own modules by the layers' names in the papers."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Literal

from torch import nn

from likeness.models.backbone import Backbone
from likeness.models.features.vgg_architecture import convolution_shapes, layer_names
from likeness.models.features.vgg_weights import load_vgg
from likeness.spatial import SpatialSize, height_and_width


def vgg_backbone(
    *,
    name: Literal["vgg16", "vgg19"],
    weights: str | None,
    spatial_size: SpatialSize,
    channels: int,
    mean: Sequence[float],
    std: Sequence[float],
) -> Backbone:
    """The convolutions `conv1_1, relu1_1, ..., pool5` (Simonyan and Zisserman 2015); each position is a feature.

    Args:
        name: which of the two.
        weights: None for random ones, `hub` for torchvision's (downloaded), or the path of a local file: torchvision's,
            one with the features alone, or one with names such as `conv1_1.weight`.
        spatial_size: of images, in pixels.
        channels: 3, those of the weights.
        mean: the mean that the weights were trained with, one for each channel.
        std: the standard deviation likewise.

    Raises:
        ValueError: images that are too small or have other channels, or weights that don't fit or can't be had.
    """
    height, width = (side >> 5 for side in height_and_width(spatial_size, f"backbone={name}"))
    if min(height, width) < 1:
        raise ValueError(f"{name} halves an image five times: choose a `spatial_size` of at least 32.")
    if channels != 3:
        raise ValueError(f"{name} takes 3 channels: leave `channels` at 3.")
    names = layer_names(name)
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for layer in names:
        if layer.startswith("pool"):
            layers[layer] = nn.MaxPool2d(2)
        elif layer.startswith("relu"):
            layers[layer] = nn.ReLU(inplace=True)
        else:
            shape = convolution_shapes(names)[layer]
            convolution = nn.Conv2d(shape.channels_in, shape.channels_out, shape.side, padding=1)
            nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
            assert convolution.bias is not None
            nn.init.zeros_(convolution.bias)
            layers[layer] = convolution
    if weights is not None:
        convolutions = {layer: part for layer, part in layers.items() if isinstance(part, nn.Conv2d)}
        load_vgg(convolutions, name, weights, names)
    layers["flatten"] = nn.Flatten()
    return Backbone(nn.Sequential(layers), feature_dim=512 * height * width, mean=mean, std=std)
