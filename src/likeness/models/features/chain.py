"""Layers one after the other, as one differentiable function that keeps what a gradient needs and no more."""

from collections.abc import Collection, Mapping
from itertools import accumulate, chain, pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from likeness.models.features.layers import Layer, layout


class Chain(nn.Module):
    """Maps images through `layers` and hands out the activations of some.

    Against the same layers as PyTorch's modules, whose gradients it has: ReLUs overwrite what nobody asked for,
    max pooling goes before its ReLU, no gradient is a new tensor where it can be the old one, weights are cast
    once, and all is in the layout that the convolutions compute in.

    Args:
        layers: by name, the deepest last.
        asked: the names of those whose activations are handed out.
        smallest: the least side of an image in pixels.
    """

    def __init__(self, layers: Mapping[str, Layer], asked: Collection[str], smallest: int) -> None:
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)
        self.asked = tuple(name for name in layers if name in asked)
        self.smallest = smallest

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Activations `[B, C, H', W']` by layer of normalised images `[B, 3, H, W]`.

        Raises:
            ValueError: the images are too small for the deepest layer.
        """
        height, width = images.shape[2:]
        if min(height, width) < self.smallest:
            raise ValueError(
                f"An image of {width} x {height} pixels is too small for the layer {self.asked[-1]}, "
                f"which needs {self.smallest} on each side; use a larger image or earlier layers."
            )
        device = images.device.type
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else images.dtype
        images = images.to(dtype)
        images = images.contiguous(memory_format=layout(images))
        return dict(zip(self.asked, _Run.apply(images, self), strict=True))


class _Run(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, maps: Tensor, network: Chain) -> tuple[Tensor, ...]:
        outputs, kept, shapes = [], [], []
        for name, layer in network.named_children():
            shapes.append(maps.shape)
            maps, needed = layer(maps)
            kept.append(needed)
            if name in network.asked:
                outputs.append(maps)
        ctx.save_for_backward(*chain.from_iterable(kept))
        ctx.bounds = list(pairwise(accumulate(map(len, kept), initial=0)))
        ctx.shapes = shapes
        ctx.network = network
        ctx.set_materialize_grads(False)
        return tuple(outputs)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *by_outputs: Tensor | None) -> tuple[Tensor | None, None]:
        handed_in = dict(zip(ctx.network.asked, by_outputs, strict=True))
        saved = ctx.saved_tensors
        layers = zip(ctx.network.named_children(), ctx.shapes, ctx.bounds, strict=True)
        gradient: Tensor | None = None  # always a tensor of our own, that layers may overwrite
        for (name, layer), shape, (start, end) in reversed(list(layers)):
            by_output = handed_in.get(name)
            if by_output is not None:
                gradient = (
                    by_output.clone(memory_format=layout(by_output))
                    if gradient is None
                    else gradient.add_(by_output)
                )
            if gradient is not None:
                gradient = layer.gradient(gradient, shape, saved[start:end])
        return gradient, None
