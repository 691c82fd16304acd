"""The network of Johnson et al. (2016): one style, one forward pass."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Literal

from torch import Tensor, nn

from likeness.models.stylizers.reflection import Reflection
from likeness.models.stylizers.sides import pad_to_multiple
from likeness.models.stylizers.weights import load_stylizer

Normalization = Literal["instance", "batch"]
Upsampling = Literal["nearest", "transposed"]
Output = Literal["tanh", "linear"]


class TransformerNet(nn.Sequential):
    """Two halvings, residual blocks and two doublings between convolutions of 9 x 9, as in the supplement's table.

    Each convolution reflects its input; the paper's blocks do not, and so shrink an image that is padded by 40 pixels
    beforehand. The layers work on values from 0 to 255, and have the names of the weights that PyTorch's examples
    publish.
    """

    stride = 4

    def __init__(
        self, width: int, blocks: int, normalization: Normalization, upsampling: Upsampling, output: Output
    ) -> None:
        norm, double = _NORMALIZATIONS[normalization], _UPSAMPLINGS[upsampling]
        narrow, middle, wide = width, 2 * width, 4 * width
        layers: OrderedDict[str, nn.Module] = OrderedDict(
            conv1=_convolution(3, narrow, size=9), in1=norm(narrow), relu1=nn.ReLU(),
            conv2=_convolution(narrow, middle, stride=2), in2=norm(middle), relu2=nn.ReLU(),
            conv3=_convolution(middle, wide, stride=2), in3=norm(wide), relu3=nn.ReLU(),
            **{f"res{number}": _Residual(wide, norm) for number in range(1, blocks + 1)},
            deconv1=double(wide, middle), in4=norm(middle), relu4=nn.ReLU(),
            deconv2=double(middle, narrow), in5=norm(narrow), relu5=nn.ReLU(),
            deconv3=_convolution(narrow, 3, size=9),
        )  # fmt: skip
        super().__init__(layers)
        self.output = _OUTPUTS[output]

    def forward(self, images: Tensor) -> Tensor:
        """Stylised images `[B, 3, H, W]` of images `[B, 3, H, W]` in [0, 1], of any size."""
        height, width = images.shape[-2:]
        values = 255 * pad_to_multiple(images, self.stride)
        for layer in self:
            values = layer(values)
        return self.output(values)[..., :height, :width]


def transformer_net(
    *,
    width: int = 32,
    blocks: int = 5,
    normalization: Normalization = "instance",
    upsampling: Upsampling = "nearest",
    output: Output = "tanh",
    weights: str | None = None,
) -> TransformerNet:
    """The network as it is trained today, or as the paper has it.

    Args:
        width: the channels behind the first convolution; two and four times as many follow.
        blocks: the number of residual blocks.
        normalization: `instance` (Ulyanov et al. 2017), or the paper's `batch`.
        upsampling: `nearest` and a convolution, which leaves no checkerboard (Odena et al. 2016), or the paper's
            `transposed` convolution.
        output: the paper's scaled `tanh`, in [0, 1], or the `linear` one of PyTorch's examples, which may leave it.
        weights: None for a fresh start, or the path of trained ones: a run's, or those of PyTorch's examples, which
            need the values `instance`, `nearest` and `linear`.

    Raises:
        ValueError: the weights can't be read, or are those of another network.
    """
    network = TransformerNet(width, blocks, normalization, upsampling, output)
    if weights is not None:
        load_stylizer(
            network,
            weights,
            mend="choose the width, blocks, normalization and upsampling they were trained with",
        )
    return network


class _Residual(nn.Module):
    """`x + f(x)`, with no ReLU behind the sum (Gross and Wilber 2016)."""

    def __init__(self, channels: int, norm: Callable[[int], nn.Module]) -> None:
        super().__init__()
        self.conv1, self.in1 = _convolution(channels, channels), norm(channels)
        self.conv2, self.in2 = _convolution(channels, channels), norm(channels)
        self.relu = nn.ReLU()

    def forward(self, features: Tensor) -> Tensor:
        """`[B, C, H, W]` of features `[B, C, H, W]`."""
        residual: Tensor = self.in2(self.conv2(self.relu(self.in1(self.conv1(features)))))
        return features + residual


def _convolution(inputs: int, outputs: int, *, size: int = 3, stride: int = 1) -> nn.Module:
    return nn.Sequential(
        OrderedDict(reflection=Reflection(size // 2), conv2d=nn.Conv2d(inputs, outputs, size, stride))
    )


def _nearest(inputs: int, outputs: int) -> nn.Module:
    convolution = nn.Conv2d(inputs, outputs, kernel_size=3)
    return nn.Sequential(
        OrderedDict(nearest=nn.Upsample(scale_factor=2), reflection=Reflection(1), conv2d=convolution)
    )


def _transposed(inputs: int, outputs: int) -> nn.Module:
    return nn.ConvTranspose2d(inputs, outputs, kernel_size=3, stride=2, padding=1, output_padding=1)


def _instance(channels: int) -> nn.Module:
    return nn.InstanceNorm2d(channels, affine=True)


def _scaled_tanh(values: Tensor) -> Tensor:
    return (1 + values.tanh()) / 2


def _linear(values: Tensor) -> Tensor:
    return values / 255


_NORMALIZATIONS: dict[Normalization, Callable[[int], nn.Module]] = {
    "instance": _instance,
    "batch": nn.BatchNorm2d,
}
_UPSAMPLINGS: dict[Upsampling, Callable[[int, int], nn.Module]] = {
    "nearest": _nearest,
    "transposed": _transposed,
}
_OUTPUTS: dict[Output, Callable[[Tensor], Tensor]] = {"tanh": _scaled_tanh, "linear": _linear}
