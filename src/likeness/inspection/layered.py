"""A network in evaluation mode whose layers' values can be read: for strongest inputs, gradients and probes."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from likeness.inspection.layers import Layer, Tap, layers_of


class LayeredNetwork:
    """A network in `eval()`, with no gradient by its weights, and its layers by name.

    Args:
        network: called with images `[B, C, *spatial]`; it is put into evaluation mode.
        sides: the spatial size of the images.
        channels: their channels.
        within: the part of the network whose modules are named; by default all of it. Where it is a part, the rest
            does no more to the images before it than to scale each value.

    Attributes:
        layers: those with spatial maps by their names, in order.
    """

    def __init__(
        self, network: nn.Module, sides: Sequence[int], channels: int, within: nn.Module | None = None
    ) -> None:
        self.network, self.within = network.eval().requires_grad_(False), within or network
        self.sides, self.channels = tuple(sides), channels
        self.layers: dict[str, Layer] = layers_of(network, self.within, torch.rand(1, channels, *sides))

    @property
    def convolutions(self) -> list[str]:
        """The convolutions with more than one position, each by the name of its normalisation if it has one."""
        return [
            name for name, layer in self.layers.items() if layer.convolves and any(s > 1 for s in layer.sides)
        ]

    def read(self, images: Tensor, names: Sequence[str], take: Callable[[str, Tensor], None]) -> None:
        """Hand each layer's values `[B, C, *spatial]` to `take` as soon as they are there.

        They may be overwritten once `take` returns. What comes after the last of the layers is not computed.
        """
        read_taps(self.network, self.within, [self.layers[name] for name in names], images, take)

    def through(self, images: Tensor, names: Sequence[str], take: Callable[[str, Tensor], None]) -> Tensor:
        """What the whole network makes of the images; on the way each layer's values go to `take`, as `read` has it."""
        layers = [self.layers[name] for name in names]
        with _tapped(self.within, layers, take, when_all_are_read=lambda: None):
            output: Tensor = self.network(images)
        return output

    def features(self, images: Tensor, names: Sequence[str]) -> dict[str, Tensor]:
        """The layers' values `[B, C, *spatial]` by name, to be kept; the gradient reaches the images."""
        found: dict[str, Tensor] = {}
        self.read(images, names, lambda name, value: found.update({name: value.clone()}))
        return {name: found[name] for name in names}


class _Enough(Exception):
    """All that was asked for is read."""


def read_taps(
    network: nn.Module,
    within: nn.Module,
    layers: Sequence[Layer],
    images: Tensor,
    take: Callable[[str, Tensor], None],
) -> None:
    """Hand the values of `layers` to `take`, as `LayeredNetwork.read` does, in a network of the same modules."""

    def enough() -> None:
        raise _Enough

    with _tapped(within, layers, take, enough) as missing:
        try:
            network(images)
        except _Enough:
            return
    raise AssertionError(f"the network did not reach {missing}")


@contextmanager
def _tapped(
    within: nn.Module,
    layers: Sequence[Layer],
    take: Callable[[str, Tensor], None],
    when_all_are_read: Callable[[], None],
) -> Iterator[set[Tap]]:
    """In the block a pass hands the values of `layers` to `take`; the taps that it has not reached yet are given."""
    modules = dict(within.named_modules())
    asked = {layer.tap: [one.name for one in layers if one.tap == layer.tap] for layer in layers}
    missing, calls = set(asked), Counter[tuple[str, bool]]()

    def hook(name: str, given: bool) -> Any:
        def look(_: nn.Module, arguments: tuple[Any, ...], output: Any = None) -> None:
            key = (name, given)
            tap = next((one for one in missing if one[:2] == (name, calls[key]) and one.given is given), None)
            calls[key] += 1
            if tap is None:
                return
            for layer in asked[tap]:
                take(layer, arguments[0] if given else output)
            missing.discard(tap)
            if not missing:
                when_all_are_read()

        return look

    with ExitStack() as hooks:
        for name, given in {(tap.name, tap.given) for tap in asked}:
            register = (
                modules[name].register_forward_pre_hook if given else modules[name].register_forward_hook
            )
            hooks.callback(register(hook(name, given)).remove)
        yield missing
