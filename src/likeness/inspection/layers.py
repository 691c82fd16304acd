"""The layers of a network that have spatial maps, and where their values before the activation are read."""

from collections import Counter
from contextlib import ExitStack
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from likeness.inspection.activations import is_activation, is_rectifier


class Tap(NamedTuple):
    """Where values are read: at the `call`-th call of the module `name` in a pass, what it is given or gives."""

    name: str
    call: int
    given: bool


class Layer(NamedTuple):
    """A layer whose output has spatial axes.

    Attributes:
        name: that of its module.
        tap: where its values before the activation are read.
        channels: its units, C.
        sides: the lengths of its map's axes.
        rectified: whether a ReLU follows, to which values below zero are nothing.
        convolves: whether it is a convolution, or the normalisation of one.
    """

    name: str
    tap: Tap
    channels: int
    sides: tuple[int, ...]
    rectified: bool
    convolves: bool


def layers_of(network: nn.Module, within: nn.Module, example: Tensor) -> dict[str, Layer]:
    """The layers with spatial maps, by name, in the order in which they end.

    The value of a module that ends in an activation, or is one, is what that activation is given. An activation
    that is no module, as `torch.relu` in somebody's `forward`, can't be told from other operations: there it is the
    value after it.

    Args:
        network: what is called with the example.
        within: the part of it whose modules are named.
        example: one image `[1, C, *spatial]`.
    """
    trace = _Trace(within, example.ndim)
    with ExitStack() as hooks, torch.no_grad():
        for name, module in within.named_modules():
            if name:
                hooks.callback(module.register_forward_pre_hook(trace.before(name)).remove)
                hooks.callback(module.register_forward_hook(trace.after(name)).remove)
        network(example)
    return trace.layers()


class _Trace:
    """What is called with what in one pass; all tensors are kept, so that each is known by its identity."""

    def __init__(self, within: nn.Module, ndim: int) -> None:
        self._modules, self._ndim = dict(within.named_modules()), ndim
        self._calls: Counter[str] = Counter()
        self._kept: list[Tensor] = []
        self._activated: dict[int, Tap] = {}  # by the tensor that an activation gave
        self._read: dict[str, tuple[Tap, Tensor]] = {}
        self._rectified: set[int] = set()  # tensors that a rectifier was given
        self._convolved: dict[int, str] = {}  # by a convolution's output its name
        self._named: dict[str, str] = {}  # by a convolution its normalisation

    def before(self, name: str) -> Any:
        def hook(module: nn.Module, arguments: tuple[Any, ...]) -> None:
            given = arguments[0] if arguments else None
            if not isinstance(given, Tensor):
                return
            self._kept.append(given)
            if is_activation(module):
                if is_rectifier(module):
                    self._rectified.add(id(given))
                self._keep(name, Tap(name, self._calls[name], True), given)
            elif _normalises(module) and id(given) in self._convolved:
                self._named[self._convolved[id(given)]] = name

        return hook

    def after(self, name: str) -> Any:
        def hook(module: nn.Module, _: tuple[Any, ...], given: object) -> None:
            call = self._calls[name]
            self._calls[name] += 1
            if not isinstance(given, Tensor):
                return
            self._kept.append(given)
            if is_activation(module):
                self._activated[id(given)] = Tap(name, call, True)
                return
            last = self._activated.get(id(given))
            if last is not None and last.name.startswith(f"{name}."):
                self._read[name] = (last, self._read[last.name][1])
                return
            self._keep(name, Tap(name, call, False), given)
            if isinstance(module, nn.modules.conv._ConvNd):
                self._convolved[id(given)] = name

        return hook

    def layers(self) -> dict[str, Layer]:
        convolutions = {self._named.get(name, name) for name in self._convolved.values()}
        return {
            name: Layer(
                name,
                tap,
                int(value.shape[1]),
                tuple(value.shape[2:]),
                id(value) in self._rectified,
                name in convolutions,
            )
            for name, (tap, value) in self._read.items()
            if value.ndim == self._ndim
        }

    def _keep(self, name: str, tap: Tap, value: Tensor) -> None:
        self._read.pop(name, None)  # of several calls the last counts
        self._read[name] = (tap, value)


def _normalises(module: nn.Module) -> bool:
    return "Norm" in type(module).__name__
