"""The receptive fields of layers: by arithmetic where a network is a chain, by a structural gradient anywhere."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from likeness.inspection.fields.arithmetic import fields_by_arithmetic
from likeness.inspection.fields.receptive_field import ReceptiveField
from likeness.inspection.fields.structure import structure_of
from likeness.inspection.layered import LayeredNetwork, read_taps
from likeness.inspection.layers import Layer

LONGEST = {1: 1 << 16, 2: 1088, 3: 256}
"""The longest side of an input that a field is looked for in, by rank."""

STEP = 64
"""Inputs grow by multiples of this: padding that depends on an input's size stays as it is where strides divide it."""

NEIGHBOURS = 3
"""Positions whose fields must have one size, and follow each other by one stride."""

NARROW = 32
"""The length of the other axes, where a network takes it: a field is a box, so that each axis is measured alone."""


class _Along(NamedTuple):
    """A receptive field along one axis."""

    start: int
    stride: int
    size: int


def receptive_fields(network: LayeredNetwork, names: Sequence[str]) -> dict[str, ReceptiveField | None]:
    """By name the receptive fields of layers; None where a unit sees the whole of any input that could be tried, or
    where fields do not follow each other by one stride.

    A network that is no chain is asked for its gradient, on inputs that grow until a field does not reach their edge.
    One that takes inputs of one size alone, and a unit that sees the whole of them, has the field None too.
    """
    chained = fields_by_arithmetic(network.within, len(network.sides))
    measured = fields_by_gradient(network, [name for name in names if name not in chained])
    return {name: chained[name] if name in chained else measured[name] for name in names}


def fields_by_gradient(network: LayeredNetwork, names: Sequence[str]) -> dict[str, ReceptiveField | None]:
    """By name the receptive fields of layers by a structural gradient; None as in `receptive_fields`."""
    if not names:
        return {}
    structure = structure_of(network.network, network.within)
    layers = [network.layers[name] for name in network.layers if name in set(names)]
    axes = [_fields_along(axis, layers, structure, network) for axis in range(len(network.sides))]
    found: dict[str, ReceptiveField | None] = {}
    for name in names:
        along = [fields[name] for fields in axes if name in fields]
        found[name] = ReceptiveField(*zip(*along, strict=True)) if len(along) == len(axes) else None
    return found


def _fields_along(
    axis: int, layers: Sequence[Layer], structure: tuple[nn.Module, nn.Module], network: LayeredNetwork
) -> dict[str, _Along]:
    """The fields that could be measured, on ever longer inputs: the deepest layers need the longest."""
    found: dict[str, _Along] = {}
    others = tuple(min(side, NARROW) for side in network.sides)
    if not _maps(
        structure, layers, _positive_images(network.channels, _with(others, axis, network.sides[axis]))
    ):
        others = network.sides
    lengths = _growing(network.sides[axis], LONGEST[len(others)])
    for length in lengths:
        left = [layer for layer in layers if layer.name not in found]
        images = _positive_images(network.channels, _with(others, axis, length))
        maps = _maps(structure, left, images)
        for layer in left if maps else ():
            field = _field(maps[layer.name], images, axis)
            if field is not None:
                found[layer.name] = field
            elif length < lengths[-1]:
                break  # those below it hardly fit; a longer input will tell
        if len(found) == len(layers):
            break
    return found


def _growing(side: int, longest: int) -> list[int]:
    """A side as it is, and then longer ones, the last as near to `longest` as their steps allow."""
    most = max(0, longest - side) // STEP
    steps = [0]
    while 2 * steps[-1] + 1 < most:
        steps.append(2 * steps[-1] + 1)
    return [side + STEP * step for step in sorted({*steps, most})]


def _with(sides: Sequence[int], axis: int, length: int) -> tuple[int, ...]:
    """The sides with another length of one axis."""
    return (*sides[:axis], length, *sides[axis + 1 :])


def _positive_images(channels: int, sides: Sequence[int]) -> Tensor:
    draw = torch.Generator().manual_seed(0)
    images = 0.5 + torch.rand(1, channels, *sides, generator=draw, dtype=torch.float64)
    return images.requires_grad_()


def _maps(
    structure: tuple[nn.Module, nn.Module], layers: Sequence[Layer], images: Tensor
) -> dict[str, Tensor]:
    """The layers' maps; none where the network does not take images of such a size."""
    maps: dict[str, Tensor] = {}
    try:
        with torch.enable_grad():
            read_taps(*structure, layers, images, lambda name, value: maps.update({name: value}))
    except (RuntimeError, ValueError, AssertionError):  # each network refuses in its own words
        return {}
    return maps


def _field(maps: Tensor, images: Tensor, axis: int) -> _Along | None:
    """The field along an axis of units in its middle.

    None where one of a few neighbours sees an edge of the images, or nothing of them, or where these do not move by one
    stride, as behind an interpolation.
    """
    side, middle = images.shape[2 + axis], [length // 2 for length in maps.shape[2:]]
    first = middle[axis]
    if not maps.requires_grad or first + NEIGHBOURS > maps.shape[2 + axis]:
        return None
    seen = []
    for middle[axis] in range(first, first + NEIGHBOURS):
        places = _seen(_value(maps, middle), images, axis)
        if places is None or places[0] == 0 or places[1] == side:
            return None
        seen.append(places)
    (start, end), (following, _), *_ = seen
    stride = following - start
    if stride <= 0 or seen != [(start + stride * n, end + stride * n) for n in range(NEIGHBOURS)]:
        return None
    return _Along(start - stride * first, stride, end - start)


def _value(maps: Tensor, position: Sequence[int]) -> Tensor:
    """The sum of all units at a position."""
    at: tuple[int | slice, ...] = (0, slice(None), *position)
    return maps[at].sum()


def _seen(value: Tensor, images: Tensor, axis: int) -> tuple[int, int] | None:
    """Where along an axis the values begin and end that `value` depends on; None where it depends on none."""
    (gradient,) = torch.autograd.grad(value, images, retain_graph=True)
    places = torch.nonzero((gradient != 0).movedim(2 + axis, 0).flatten(1).any(1)).flatten()
    return (int(places[0]), int(places[-1]) + 1) if len(places) else None
