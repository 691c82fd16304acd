"""A VGG's layers, each with the gradient by what it was given.

`layer(maps)` gives the layer's output and the tensors that `layer.gradient` needs beside the shape of `maps`: an
activation lives no longer than a gradient needs it, and none is stored for the gradient of a weight.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Size, Tensor, nn

PaddingMode = Literal["zeros", "reflect", "replicate"]
Kept = tuple[Tensor, ...]


def layout(maps: Tensor) -> torch.memory_format:
    """The layout to compute in: channels last is that of oneDNN's and of the tensor cores' kernels."""
    last = maps.device.type == "cpu" or maps.dtype in (torch.bfloat16, torch.float16)
    return torch.channels_last if last else torch.contiguous_format


class Layer(nn.Module):
    """What a chain is made of."""

    def forward(self, maps: Tensor) -> tuple[Tensor, Kept]:
        """The output for `maps [B, C, H, W]`, and what the gradient needs."""
        raise NotImplementedError

    def gradient(self, upstream: Tensor, shape: Size, kept: Kept) -> Tensor:
        """The gradient by `maps` of this shape; `upstream`, that by the output, may be overwritten."""
        raise NotImplementedError


class Convolution(Layer):
    """A convolution of odd side and stride 1 that keeps the maps' size.

    Args:
        channels_in: channels of what it is given.
        channels_out: channels of its output.
        side: side of the kernel.
        padding_mode: what lies beyond the edge: zeros, the mirrored image, or its outermost pixels.
    """

    def __init__(self, channels_in: int, channels_out: int, side: int, padding_mode: PaddingMode) -> None:
        super().__init__()
        weight = torch.empty(channels_out, channels_in, side, side, memory_format=torch.channels_last)
        nn.init.kaiming_normal_(weight, nonlinearity="relu")  # keeps the scale (He et al. 2015)
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(channels_out))
        self.padding_mode = padding_mode
        self.side = side
        self._cast: dict[tuple[torch.dtype, torch.device], tuple[Tensor, Tensor]] = {}

    @property
    def margin(self) -> int:
        """How far it looks to each side."""
        return self.side // 2

    def forward(self, maps: Tensor) -> tuple[Tensor, Kept]:
        """`[B, channels_out, H, W]`."""
        weight, bias = self._like(maps)
        if self.padding_mode == "zeros":
            return F.conv2d(maps, weight, bias, padding=self.margin), ()
        return F.conv2d(F.pad(maps, (self.margin,) * 4, self.padding_mode), weight, bias), ()

    def gradient(self, upstream: Tensor, shape: Size, kept: Kept) -> Tensor:
        """The transposed convolution, with what fell beyond the edge brought back to where it came from."""
        weight, _ = self._like(upstream)
        if self.padding_mode == "zeros":
            return F.conv_transpose2d(upstream, weight, padding=self.margin)
        by_padded = F.conv_transpose2d(upstream, weight)
        for axis in (2, 3):
            by_padded = _unpadded(by_padded, axis, self.margin, mirrored=self.padding_mode == "reflect")
        return by_padded.contiguous(memory_format=layout(upstream))

    def _like(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """Weight and bias as `maps` needs them, cast once: 13 million numbers to bfloat16 take a while."""
        key = (maps.dtype, maps.device)
        if key not in self._cast:
            weight = self.weight.detach().to(maps.dtype, memory_format=layout(maps))
            self._cast[key] = (weight, self.bias.detach().to(maps.dtype))
        return self._cast[key]


def _unpadded(by_padded: Tensor, axis: int, margin: int, *, mirrored: bool) -> Tensor:
    """The gradient before padding one axis; the sums have one order, so that they are the same each time."""
    length = by_padded.shape[axis] - 2 * margin
    inner = by_padded.narrow(axis, margin, length)
    for step in range(1, margin + 1):
        near = step if mirrored else 0
        inner.select(axis, near).add_(by_padded.select(axis, margin - step))
        inner.select(axis, length - 1 - near).add_(by_padded.select(axis, margin + length - 1 + step))
    return inner


class Rectifier(Layer):
    """`max(x, 0)`.

    Args:
        inplace: overwrite what it is given, which nobody else is to read then.
    """

    def __init__(self, *, inplace: bool) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, maps: Tensor) -> tuple[Tensor, Kept]:
        """The rectified maps; input and output are positive at the same places, so either does for the gradient."""
        return (maps.relu_() if self.inplace else maps.relu()), (maps,)

    def gradient(self, upstream: Tensor, shape: Size, kept: Kept) -> Tensor:
        """`upstream` where the maps are positive."""
        return _where_positive(upstream, kept[0])


class MaxPooling(Layer):
    """The greatest of each 2 x 2 positions.

    Args:
        ceil: keep a last odd row and column.
    """

    def __init__(self, *, ceil: bool) -> None:
        super().__init__()
        self.ceil = ceil

    def forward(self, maps: Tensor) -> tuple[Tensor, Kept]:
        """`[B, C, H / 2, W / 2]`."""
        pooled, places = F.max_pool2d(maps, 2, ceil_mode=self.ceil, return_indices=True)
        return pooled, (places,)

    def gradient(self, upstream: Tensor, shape: Size, kept: Kept) -> Tensor:
        """`upstream` at the places of the greatest."""
        return torch.ops.aten.max_pool2d_with_indices_backward(
            upstream, _shaped(shape, upstream), [2, 2], [2, 2], [0, 0], [1, 1], self.ceil, kept[0]
        )


class RectifiedMaxPooling(MaxPooling):
    """A ReLU and a max pooling: they commute, so the ReLU sees a quarter of the positions, and no more is kept."""

    def forward(self, maps: Tensor) -> tuple[Tensor, Kept]:
        """`[B, C, H / 2, W / 2]`."""
        pooled, places = super().forward(maps)
        return pooled.relu_(), (*places, pooled)

    def gradient(self, upstream: Tensor, shape: Size, kept: Kept) -> Tensor:
        """`upstream` at the places of the greatest, where that is positive."""
        places, pooled = kept
        return super().gradient(_where_positive(upstream, pooled), shape, (places,))


class AveragePooling(Layer):
    """The mean of each 2 x 2 positions, times a factor.

    Args:
        scale: the factor, which keeps the activations' scale where the network was trained with max pooling.
        ceil: keep a last odd row and column, whose means are of the positions that there are.
    """

    def __init__(self, *, scale: float, ceil: bool) -> None:
        super().__init__()
        self.scale = scale
        self.ceil = ceil

    def forward(self, maps: Tensor) -> tuple[Tensor, Kept]:
        """`[B, C, H / 2, W / 2]`."""
        return F.avg_pool2d(maps, 2, ceil_mode=self.ceil).mul_(self.scale), ()

    def gradient(self, upstream: Tensor, shape: Size, kept: Kept) -> Tensor:
        """`upstream` shared by the positions of each mean."""
        return torch.ops.aten.avg_pool2d_backward(
            upstream.mul_(self.scale), _shaped(shape, upstream), [2, 2], [2, 2], [0, 0], self.ceil, True, None
        )


def _shaped(shape: Size, like: Tensor) -> Tensor:
    """Unwritten maps for an operator that looks at their shape and layout alone."""
    return torch.empty(shape, dtype=like.dtype, device=like.device, memory_format=layout(like))


def _where_positive(upstream: Tensor, maps: Tensor) -> Tensor:
    """`upstream` where `maps` is positive, else 0, in place."""
    return torch.ops.aten.threshold_backward.grad_input(upstream, maps, 0, grad_input=upstream)
