"""Which modules are activations: what a unit says is read before them."""

from torch import nn

_WHERE = (
    "torch.nn.modules.activation",
    "timm.layers.activations",
    "timm.layers.activations_me",
    "monai.networks.blocks.activation",
)
_OVER_SEVERAL_VALUES = (nn.MultiheadAttention, nn.Softmax, nn.Softmax2d, nn.LogSoftmax, nn.Softmin, nn.GLU)
_RECTIFIERS = (nn.ReLU, nn.ReLU6)


def is_activation(module: nn.Module) -> bool:
    """Whether a module is a function of each value alone, such as a ReLU."""
    return type(module).__module__ in _WHERE and not isinstance(module, _OVER_SEVERAL_VALUES)


def is_rectifier(module: nn.Module) -> bool:
    """Whether it makes nothing of all that is below zero, so that a unit which never exceeds it is dead."""
    return isinstance(module, _RECTIFIERS)
