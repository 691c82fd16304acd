"""A copy of a network in which every connection is a positive one: its gradient is zero only where there is none."""

from copy import deepcopy
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from likeness.inspection.activations import is_activation

_MEANS: dict[type[nn.Module], type[nn.Module]] = {
    nn.MaxPool1d: nn.AvgPool1d,
    nn.MaxPool2d: nn.AvgPool2d,
    nn.MaxPool3d: nn.AvgPool3d,
    nn.AdaptiveMaxPool1d: nn.AdaptiveAvgPool1d,
    nn.AdaptiveMaxPool2d: nn.AdaptiveAvgPool2d,
    nn.AdaptiveMaxPool3d: nn.AdaptiveAvgPool3d,
}
_CONVOLVE = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}


def structure_of(network: nn.Module, within: nn.Module, seed: int = 0) -> tuple[nn.Module, nn.Module]:
    """A copy of `network` and of the part `within` it, in float64, on whose positive inputs nothing cancels.

    Weights are drawn from positive numbers and biases are zero, activations pass what they are given, a maximum becomes
    a mean, and normalisations by statistics of the training do nothing. Those by statistics of the input stay: they let
    every value depend on all.
    """
    copied, part = deepcopy((network, within))
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in copied.modules():
            for name, parameter in module.named_parameters(recurse=False):
                parameter.copy_(_positive(name, parameter, draw))
            for name, buffer in module.named_buffers(recurse=False):
                if name in ("running_mean", "running_var"):
                    buffer.fill_(name == "running_var")
            for name, child in list(module.named_children()):
                if replaced := _open(child):
                    setattr(module, name, replaced)
    return copied.double().eval(), part


def _positive(name: str, parameter: Tensor, draw: torch.Generator) -> Tensor:
    if parameter.ndim < 2:
        return torch.full_like(parameter, 0.0 if name == "bias" else 1.0)
    inputs = max(1, parameter[0].numel())
    return (0.5 + torch.rand(parameter.shape, generator=draw)).to(parameter) / inputs


def _open(module: nn.Module) -> nn.Module | None:
    """What takes the place of a module whose gradient is not that of all that it sees."""
    kind: Any = module
    if is_activation(module):
        return nn.Identity()
    if type(module) in _MEANS and "Adaptive" in type(module).__name__:
        return _MEANS[type(module)](kind.output_size)
    if type(module) in _MEANS:
        if kind.dilation not in (1, (1,), (1, 1), (1, 1, 1)):
            return _Sum(kind)
        return _MEANS[type(module)](kind.kernel_size, kind.stride, kind.padding, ceil_mode=kind.ceil_mode)
    return None


class _Sum(nn.Module):
    """The sum over the window of a pooling with gaps, which no mean of torch has."""

    def __init__(self, pooling: Any) -> None:
        super().__init__()
        self.size, self.stride = pooling.kernel_size, pooling.stride
        self.padding, self.dilation = pooling.padding, pooling.dilation

    def forward(self, maps: Tensor) -> Tensor:
        """The sums of maps `[B, C, *spatial]`."""
        rank, channels = maps.ndim - 2, maps.shape[1]
        size = self.size if isinstance(self.size, tuple) else (self.size,) * rank
        weight = maps.new_ones(channels, 1, *size)
        return _CONVOLVE[rank](maps, weight, None, self.stride, self.padding, self.dilation, groups=channels)
