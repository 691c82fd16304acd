"""What a decoder must know of the encoder that it mirrors."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

Encoder = Callable[[Tensor], Mapping[str, Tensor]]

PROBE = 64  # pixels: a map of the greatest usual stride, 32, has 2 x 2 positions


class LayerShape(NamedTuple):
    """The map that a layer gives of an image: its channels, and the pixels of the image to one of its positions."""

    channels: int
    stride: int


@torch.no_grad()
def layer_shapes(encoder: Encoder) -> dict[str, LayerShape]:
    """The shapes of the layers of an encoder on the CPU, in its order, found by one forward pass on an empty image.

    Raises:
        ValueError: a layer's stride is no power of two, so that no upsampling by 2 leads back to the image.
    """
    return {
        name: _shape(name, features) for name, features in encoder(torch.zeros(1, 3, PROBE, PROBE)).items()
    }


def _shape(name: str, features: Tensor) -> LayerShape:
    channels, *sides = features.shape[1:]
    stride = PROBE // max(sides)
    if len(sides) != 2 or set(sides) != {PROBE // max(stride, 1)} or stride & (stride - 1):
        raise ValueError(
            f"Layer {name} gives a map of {' x '.join(map(str, sides))} of {PROBE} x {PROBE} pixels, "
            "which no decoder mirrors; choose layers whose maps are 1/2, 1/4, 1/8, ... of the image."
        )
    return LayerShape(channels, stride)
