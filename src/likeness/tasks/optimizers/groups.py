"""The groups in which a task's parameters come to its optimizer: with their own rates, and with decay or none."""

from collections.abc import Iterator, Mapping
from typing import Any

from torch import nn
from torch.optim import Optimizer

from likeness.timm_alone import group_parameters


def trained_parameters(task: nn.Module) -> list[nn.Parameter]:
    """All that are trained, in one group."""
    return [parameter for parameter in task.parameters() if parameter.requires_grad]


def parameter_groups(
    task: nn.Module,
    *,
    lr: float,
    weight_decay: float,
    decay_norms: bool,
    layer_decay: float = 1.0,
    trunk: nn.Module | None = None,
) -> list[dict[str, Any]]:
    """Groups of the parameters that are trained, in the order of their first ones.

    Args:
        task: whose parameters they are.
        lr: the rate of what lies above the trunk.
        weight_decay: of weights.
        decay_norms: whether biases, and the scales and shifts of normalisations, which have one axis, decay too.
        layer_decay: by which the rate of a layer of the trunk is that of the layer above it (Bao et al. 2022,
            section 3.2); that of the last one is `lr` times it.
        trunk: the part of the task that layer-wise rates go through.
    """
    place = next((f"{name}." for name, module in task.named_modules() if name and module is trunk), "")
    depth = {} if trunk is None else {place + name: layer for name, layer in layers_of(trunk).items()}
    above = max(depth.values(), default=-1) + 1
    groups: dict[tuple[float, bool], list[nn.Parameter]] = {}
    for name, parameter in task.named_parameters():
        if parameter.requires_grad:
            rate = lr * layer_decay ** (above - depth.get(name, above))
            decays = decay_norms or not (parameter.ndim <= 1 or name.endswith(".bias"))
            groups.setdefault((rate, decays), []).append(parameter)
    return [
        {"params": parameters, "lr": rate, "weight_decay": weight_decay if decays else 0.0}
        for (rate, decays), parameters in groups.items()
    ]


def layers_of(trunk: nn.Module) -> dict[str, int]:
    """The number of the layer, from the input on, of each parameter of a network, by its name.

    timm says of its networks what a layer is. Of another each child is one, with the normalisation behind it.
    """
    names = [name for name, _ in trunk.named_parameters()]
    matcher: Any = getattr(trunk, "group_matcher", None)
    if matcher is not None:
        found: Mapping[str, int] = group_parameters(trunk, matcher(coarse=False), reverse=True)
        return {name: found[name] for name in names}
    children = list(_with_parameters(trunk))
    if len(children) == 1:
        ((name, child),) = children
        return {f"{name}.{below}": depth for below, depth in layers_of(child).items()}
    depths: dict[str, int] = {}
    depth = -1
    for name, child in children:
        depth += any(parameter.ndim > 1 for parameter in child.parameters()) or depth < 0
        depths |= {f"{name}.{below}": depth for below, _ in child.named_parameters()}
    return {name: depths.get(name, 0) for name in names}


def per_group(optimizer: Optimizer, value: float) -> float | list[float]:
    """A rate that a schedule is given, for each group as the group's own rate is to the optimizer's."""
    groups = optimizer.param_groups
    if len(groups) == 1:
        return value
    return [value * (group["lr"] / optimizer.defaults["lr"]) for group in groups]


def _with_parameters(network: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    return (
        (name, child) for name, child in network.named_children() if any(True for _ in child.parameters())
    )
