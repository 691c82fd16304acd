"""A network that is used as it is."""

from torch import nn


def freeze(module: nn.Module) -> None:
    """Make every parameter and buffer of `module` a non-persistent buffer of the same name.

    The weights then move with `.to`, are in no `state_dict` and so in no checkpoint, and are nothing that an
    optimizer finds or autograd computes a gradient for.
    """
    for part in module.modules():
        tensors = [*part.named_parameters(recurse=False), *part.named_buffers(recurse=False)]
        for name, tensor in tensors:
            delattr(part, name)
            part.register_buffer(name, tensor.detach(), persistent=False)
