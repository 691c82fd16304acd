"""The VGG networks that style transfer is made with, and AdaIN's normalised one."""

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Literal

from likeness.models.features.chain import Chain
from likeness.models.features.layers import (
    AveragePooling,
    Convolution,
    Layer,
    MaxPooling,
    PaddingMode,
    RectifiedMaxPooling,
    Rectifier,
)
from likeness.models.features.names import refuse_unknown
from likeness.models.features.network import FeatureNetwork
from likeness.models.features.vgg_architecture import convolution_shapes, layer_names
from likeness.models.features.vgg_weights import load_vgg, load_vgg_normalised

PoolingName = Literal["max", "average"]


def vgg_features(
    *,
    name: Literal["vgg16", "vgg19"],
    weights: str | None,
    pooling: PoolingName,
    average_scale: float,
    padding_mode: Literal["zeros", "replicate"],
    channel_order: Literal["rgb", "bgr"],
    mean: Sequence[float],
    std: Sequence[float],
    layers: Sequence[str],
) -> FeatureNetwork:
    """The layers `conv1_1, relu1_1, ..., pool1, ..., pool5` of VGG-16 or VGG-19, as the papers name them.

    Args:
        name: which of the two (Simonyan and Zisserman 2015).
        weights: None for random ones (He et al. 2015), `hub` for torchvision's (downloaded), or the path of a local
            file: torchvision's, one with the features alone, or one with names such as `conv1_1.weight`.
        pooling: `max`, as it was trained, or `average`, as Gatys et al. 2016 suggest.
        average_scale: what an average is multiplied by, so that activations keep the scale of max pooling; 1 leaves
            it as it is, as Gatys et al. do.
        padding_mode: what lies beyond an image's edge for the first convolution: `zeros`, as it was trained, or
            `replicate` for the outermost pixels, which makes fewer artefacts there.
        channel_order: `bgr` for weights from Caffe; the mean and standard deviation are in the order RGB all the same.
        mean: the mean that the weights were trained with, one for each channel.
        std: the standard deviation likewise; 1/255 for weights that were trained on values up to 255.
        layers: those to hand out.

    Raises:
        ValueError: an unknown layer, or weights that don't fit or can't be had.
    """
    names = layer_names(name)
    refuse_unknown(layers, names, name)
    used = _down_to_deepest(names, layers)
    convolutions = _convolutions(used, "zeros")
    if weights is not None:
        load_vgg(convolutions, name, weights, names)
    first = convolutions["conv1_1"]
    first.padding_mode = padding_mode
    if channel_order == "bgr":
        first.weight.data = first.weight.data.flip(1)
    chain = _layers(used, layers, convolutions, pooling, average_scale, ceil=False)
    return _network(chain, layers, mean, std)


def vgg19_normalised(
    *, weights: str | None, pooling: PoolingName, average_scale: float, layers: Sequence[str]
) -> FeatureNetwork:
    """VGG-19 with weights scaled so that each channel's mean activation is one, as AdaIN has it.

    It mirrors an image at its edges, halves odd sides upwards, and begins with a convolution `conv0` of side 1, which
    brings RGB in [0, 1] to what Caffe's weights expect; so it takes no mean and standard deviation
    (Gatys et al. 2016, section 2; Huang and Belongie 2017).

    Args:
        weights: None for random ones, or the path of AdaIN's `vgg_normalised.pth`.
        pooling: as for `vgg_features`.
        average_scale: as for `vgg_features`.
        layers: those to hand out.

    Raises:
        ValueError: an unknown layer, or weights that don't fit.
    """
    names = ["conv0", *layer_names("vgg19")]
    refuse_unknown(layers, names, "vgg19_normalised")
    used = _down_to_deepest(names, layers)
    convolutions = _convolutions(used, "reflect")
    if weights is not None:
        load_vgg_normalised(convolutions, weights, names)
    chain = _layers(used, layers, convolutions, pooling, average_scale, ceil=True)
    return _network(chain, layers, mean=[0.0] * 3, std=[1.0] * 3)


def _down_to_deepest(names: list[str], asked: Collection[str]) -> list[str]:
    return names[: 1 + max(names.index(name) for name in asked)]


def _convolutions(names: Sequence[str], padding_mode: PaddingMode) -> dict[str, Convolution]:
    return {name: Convolution(*shape, padding_mode) for name, shape in convolution_shapes(names).items()}


def _layers(
    used: Sequence[str],
    asked: Collection[str],
    convolutions: Mapping[str, Convolution],
    pooling: PoolingName,
    average_scale: float,
    *,
    ceil: bool,
) -> dict[str, Layer]:
    """The layers by name; a ReLU that nobody asked for works in place, and after the max pooling that follows it."""
    layers: dict[str, Layer] = {}
    for before, name in pairwise(["image", *used]):
        if name in convolutions:
            layers[name] = convolutions[name]
        elif name.startswith("relu"):
            layers[name] = Rectifier(inplace=before not in asked)
        elif pooling == "average":
            layers[name] = AveragePooling(scale=average_scale, ceil=ceil)
        elif before in asked:
            layers[name] = MaxPooling(ceil=ceil)
        else:
            del layers[before]
            layers[name] = RectifiedMaxPooling(ceil=ceil)
    return layers


def _network(
    layers: Mapping[str, Layer], asked: Collection[str], mean: Sequence[float], std: Sequence[float]
) -> FeatureNetwork:
    margin, stride, smallest = 0, 1, 1
    strides = {}
    for name, layer in layers.items():
        if isinstance(layer, Convolution):
            margin += layer.margin * stride
            if layer.padding_mode == "reflect":  # which needs a second row and column to mirror
                smallest = stride + 1
        elif isinstance(layer, MaxPooling | AveragePooling):
            stride *= 2
            if not layer.ceil:
                smallest = stride
        strides[name] = stride
    return FeatureNetwork(
        Chain(layers, asked, smallest),
        mean=mean,
        std=std,
        receptive_field=-(-margin // stride) * stride,
        stride={name: strides[name] for name in layers if name in asked},
    )
