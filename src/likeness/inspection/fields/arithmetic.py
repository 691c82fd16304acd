"""Receptive fields by arithmetic, of layers that follow one another.

With size r, stride j and start s of what came before, a window of k, with stride t, padding p and dilation d, has

    s' = s - p j,    r' = r + d (k - 1) j,    j' = t j

(Araujo, Norris and Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks", Distill).
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from torch import nn

from likeness.inspection.activations import is_activation
from likeness.inspection.fields.receptive_field import ReceptiveField

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_MAXIMA = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)
_MEANS = (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
_BY_VALUE = (
    *(nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d),
    *(nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.Identity),
)


class _Window(NamedTuple):
    size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]


def fields_by_arithmetic(network: nn.Module, rank: int) -> dict[str, ReceptiveField]:
    """By the names of its modules the receptive fields, down to where the network is no chain of known modules.

    Known are the very classes of torch, not subclasses, which may do something else.
    """
    start, stride, size = (0,) * rank, (1,) * rank, (1,) * rank
    found = {}
    for name, module in _chain(network, ""):
        window = _window(module, rank)
        if window is None:
            break
        axes = zip(start, stride, size, *window, strict=True)
        start, stride, size = zip(
            *((s - p * j, t * j, r + (k - 1) * j) for s, j, r, k, t, p in axes), strict=True
        )
        field = ReceptiveField(start, stride, size)
        found[name] = field
        parent = name.rpartition(".")[0]
        while parent:  # a sequence's output is that of its last module
            found[parent] = field
            parent = parent.rpartition(".")[0]
    return found


def _chain(module: nn.Module, name: str) -> Iterator[tuple[str, nn.Module]]:
    """The modules of nested sequences in their order."""
    if type(module) is not nn.Sequential:
        yield name, module
        return
    for child, part in module.named_children():
        yield from _chain(part, f"{name}.{child}" if name else child)


def _window(module: nn.Module, rank: int) -> _Window | None:
    """What a module sees of its input, or None where that is not known."""
    kind: Any = module
    if type(module) in _CONVOLUTIONS and kind.padding_mode == "zeros":
        sides = tuple(d * (k - 1) + 1 for k, d in zip(kind.kernel_size, kind.dilation, strict=True))
        if isinstance(kind.padding, str):
            before = tuple((side - 1) // 2 if kind.padding == "same" else 0 for side in sides)
        else:
            before = kind.padding
        return _Window(sides, kind.stride, before)
    if type(module) in _MAXIMA or type(module) in _MEANS:
        dilation = _each(getattr(kind, "dilation", 1), rank)
        size = tuple(d * (k - 1) + 1 for k, d in zip(_each(kind.kernel_size, rank), dilation, strict=True))
        return _Window(size, _each(kind.stride, rank), _each(kind.padding, rank))
    if type(module) in _BY_VALUE or is_activation(module):
        return _Window((1,) * rank, (1,) * rank, (0,) * rank)
    return None


def _each(value: Any, rank: int) -> tuple[int, ...]:
    """By axis a number that torch's pooling takes alone or in a tuple."""
    return tuple(value) if isinstance(value, tuple | list) else (value,) * rank
