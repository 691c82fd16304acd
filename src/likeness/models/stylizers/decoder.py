"""AdaIN's decoder: from the features of an encoder's last layer back to an image."""

from collections.abc import Iterator, Mapping

from torch import nn

from likeness.models.stylizers.layer_shapes import Encoder, LayerShape, layer_shapes
from likeness.models.stylizers.reflection import Reflection
from likeness.models.stylizers.weights import load_stylizer


class AdainDecoder(nn.Sequential):
    """The mirror of an encoder: 3 x 3 convolutions with reflection and ReLU, and nearest upsampling by 2.

    It maps features `[B, C, H, W]` of the encoder's last layer, `layer`, of stride `stride`, to images
    `[B, 3, stride H, stride W]` whose values may leave [0, 1] a little. A stage between two upsamplings has as many
    channels as the encoder's layer of that stride, but `width` at least, and as many convolutions as VGG-19 has at
    that width: four from 256 channels on, two below. For relu1_1 to relu4_1 of VGG-19 it is the decoder of Huang and
    Belongie (2017), module by module, so that the names of its weights are those of the published ones.
    """

    def __init__(self, shapes: Mapping[str, LayerShape], *, width: int) -> None:
        layer, (channels, stride) = list(shapes.items())[-1]
        *modules, _ = _modules(channels, _widths(shapes, stride, width))  # no ReLU behind an image
        super().__init__(*modules)
        self.layer, self.stride = layer, stride


def adain_decoder(encoder: Encoder, *, width: int = 64, weights: str | None = None) -> AdainDecoder:
    """A decoder for the last layer of `encoder`.

    Args:
        encoder: images `[B, 3, H, W]` to the maps of its layers by name, the last of which AdaIN is to work on.
        width: the least number of channels of a stage.
        weights: None for a fresh start, or the path of trained ones: a run's, or a file with the names of
            pytorch-AdaIN's `decoder.pth`.

    Raises:
        ValueError: no decoder mirrors such layers, or the weights can't be read or are those of another decoder.
    """
    decoder = AdainDecoder(layer_shapes(encoder), width=width)
    if weights is not None:
        load_stylizer(
            decoder, weights, mend="choose the encoder, its layers and the width they were trained with"
        )
    return decoder


def _widths(shapes: Mapping[str, LayerShape], stride: int, least: int) -> list[int]:
    """The channels of the stages behind that of `stride`, from half of it down to 1."""
    channels = {shape.stride: shape.channels for shape in shapes.values()}
    return [max(least, channels.get(2**power, 0)) for power in reversed(range(stride.bit_length() - 1))]


def _modules(channels: int, widths: list[int]) -> Iterator[nn.Module]:
    depths = [1, *(4 if width >= 256 else 2 for width in widths)]
    for stage, (width, depth, following) in enumerate(
        zip([channels, *widths], depths, [*widths, 3], strict=True)
    ):
        if stage:
            yield nn.Upsample(scale_factor=2)
        for outputs in [*[width] * (depth - 1), following]:
            yield from (Reflection(1), nn.Conv2d(width, outputs, kernel_size=3), nn.ReLU())
