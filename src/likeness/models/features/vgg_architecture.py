"""What a VGG is made of (Simonyan and Zisserman 2015, table 1, D and E), by the names of the style papers."""

from collections.abc import Sequence
from typing import NamedTuple

CONVOLUTIONS = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}  # in each block
CHANNELS = (64, 128, 256, 512, 512)


class Shape(NamedTuple):
    """A convolution's channels and the side of its kernel."""

    channels_in: int
    channels_out: int
    side: int


def layer_names(network: str) -> list[str]:
    """`conv1_1, relu1_1, conv1_2, relu1_2, pool1, ..., pool5`."""
    names = []
    for block, convolutions in enumerate(CONVOLUTIONS[network], start=1):
        for number in range(1, convolutions + 1):
            names += [f"conv{block}_{number}", f"relu{block}_{number}"]
        names.append(f"pool{block}")
    return names


def convolution_shapes(names: Sequence[str]) -> dict[str, Shape]:
    """By name the convolutions among `names`, which begin with the network's first; `conv0` is AdaIN's."""
    shapes, channels = {}, 3
    for name in names:
        if name == "conv0":
            shapes[name] = Shape(3, 3, 1)
        elif name.startswith("conv"):
            shapes[name] = Shape(channels, CHANNELS[int(name[4]) - 1], 3)
            channels = shapes[name].channels_out
    return shapes
