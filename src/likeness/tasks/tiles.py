"""J of a large image, tile by tile, with the value and the gradient of the whole image's.

Style statistics and content costs follow from sums over positions, and an activation depends on the pixels around it
alone. So a first pass adds up the sums of all tiles, each seen with a margin; the chain rule gives what J asks of each
sum; and a second pass brings that back to the pixels, again tile by tile. No more than one tile's activations are held.
"""

import operator
from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from likeness.data.style.batch import StyleBatch
from likeness.losses.style import StyleCosts, StyleObjective, StyleSums, StyleTargets, Sums, mask_at
from likeness.models.features import FeatureNetwork

Window = tuple[slice, ...]


class Tile(NamedTuple):
    """The pixels `seen` of a tile, with a margin; by layer its own positions, within what is seen and overall."""

    seen: Window
    within: dict[str, Window]
    overall: dict[str, Window]


def check_tiled(network: FeatureNetwork, objective: StyleObjective) -> None:
    """Raise a ValueError where a network or a statistic can't be taken tile by tile."""
    if network.receptive_field is None:
        raise ValueError("only the features of a VGG can be taken tile by tile; leave task.tile=null")
    if not objective.statistic.additive:
        name = type(objective.statistic).__name__
        raise ValueError(
            f"{name} is no sum over positions and can't be taken tile by tile; leave task.tile=null"
        )


def tiled_costs(
    network: FeatureNetwork, objective: StyleObjective, image: Tensor, targets: StyleTargets, side: int
) -> StyleCosts:
    """The costs of `image [1, 3, H, W]`, with a total that has the image's whole gradient.

    Args:
        network: one that knows its receptive field and its strides.
        objective: with a statistic that is a sum over positions.
        image: G.
        targets: what it is compared with.
        side: of a tile in pixels, without its margin.
    """
    pixels = image.detach()
    parts = list(tiles(network, image.shape[2:], side))
    with torch.no_grad():
        sums = (_sums(network, objective, pixels[:, :, *tile.seen], targets, tile) for tile in parts)
        whole = reduce(operator.add, sums)
    leaves = [values.requires_grad_() for values in whole.values()]
    looked_at = pixels.clone().requires_grad_()  # total variation is the image's own
    costs = objective.costs_of_sums(looked_at, whole, targets)
    *asked, by_pixels = torch.autograd.grad(costs.total, [*leaves, looked_at], allow_unused=True)
    gradient = torch.zeros_like(pixels) if by_pixels is None else by_pixels
    for tile in parts:
        seen = pixels[:, :, *tile.seen].clone().requires_grad_()
        values = _sums(network, objective, seen, targets, tile).values()
        gradient[:, :, *tile.seen] += torch.autograd.grad(values, seen, asked)[0]
    total: Tensor = _WithGradient.apply(image, costs.total.detach(), gradient)
    return StyleCosts(total, *(cost.detach() for cost in costs[1:]))


@torch.no_grad()
def tiled_targets(
    network: FeatureNetwork,
    objective: StyleObjective,
    batch: StyleBatch,
    style_weights: Sequence[float],
    side: int,
) -> StyleTargets:
    """What J compares an image of the content's size with; no whole map but the content's is held."""
    content, shapes = _maps(network, batch.content, tuple(objective.content_layers), side)
    masks: list[dict[str, Tensor] | None] = [None] * len(batch.styles)
    if batch.masks is not None:
        masks = [
            {layer: mask_at(mask, shapes[layer]) for layer in objective.style_layers} for mask in batch.masks
        ]
    described = [_described(network, objective, style, side) for style in batch.styles]
    return objective.targets_of(content, described, style_weights, masks)


def _maps(
    network: FeatureNetwork, image: Tensor, layers: Sequence[str], side: int
) -> tuple[dict[str, Tensor], dict[str, list[int]]]:
    """The whole maps of some layers, and the sizes of the maps of all; the last tile comes first, as it knows them."""
    maps: dict[str, Tensor] = {}
    shapes: dict[str, list[int]] = {}
    for tile in reversed(list(tiles(network, image.shape[2:], side))):
        for layer, seen in network(image[:, :, *tile.seen]).items():
            own, place = seen[:, :, *tile.within[layer]], tile.overall[layer]
            if layer not in shapes:
                shapes[layer] = [at.start + length for at, length in zip(place, own.shape[2:], strict=True)]
            if layer in layers:
                whole = maps.setdefault(layer, own.new_empty(*own.shape[:2], *shapes[layer]))
                whole[:, :, *place] = own
    return maps, shapes


def _described(
    network: FeatureNetwork, objective: StyleObjective, style: Tensor, side: int
) -> dict[str, Tensor]:
    """What is kept of a style image, by the sums over its tiles."""
    total: dict[str, Sums] = {}
    for tile in tiles(network, style.shape[2:], side):
        maps = network(style[:, :, *tile.seen])
        own = {layer: maps[layer][:, :, *tile.within[layer]] for layer in objective.style_layers}
        sums = objective.style_sums(own)
        total = {layer: total[layer] + sums[layer] for layer in sums} if total else sums
    return objective.describe_sums(total)


def tiles(network: FeatureNetwork, spatial: Sequence[int], side: int) -> Iterator[Tile]:
    """The tiles of an image of this size, whose own positions cover each layer's map once."""
    assert network.receptive_field is not None
    assert network.stride is not None
    deepest = max(network.stride.values())
    step = max(1, side // deepest) * deepest
    rows, columns = (_cuts(length, step, deepest) for length in spatial)
    for row in rows:
        for column in columns:
            own = (row, column)
            seen = tuple(
                slice(
                    max(0, one.start - network.receptive_field),
                    min(length, one.stop + network.receptive_field),
                )
                for one, length in zip(own, spatial, strict=True)
            )
            within, overall = {}, {}
            for layer, stride in network.stride.items():
                bounds = [
                    (one.start // stride, None if one.stop == length else one.stop // stride)
                    for one, length in zip(own, spatial, strict=True)
                ]
                overall[layer] = tuple(slice(*bound) for bound in bounds)
                within[layer] = tuple(
                    slice(
                        start - around.start // stride,
                        None if stop is None else stop - around.start // stride,
                    )
                    for (start, stop), around in zip(bounds, seen, strict=True)
                )
            yield Tile(seen, within, overall)


def _cuts(length: int, step: int, least: int) -> list[slice]:
    """A side in parts of `step`; an end without a position of the deepest layer is the last part's."""
    starts = range(0, max(1, length - least + 1), step)
    return [slice(start, stop) for start, stop in zip(starts, [*starts[1:], length], strict=True)]


def _sums(
    network: FeatureNetwork, objective: StyleObjective, seen: Tensor, targets: StyleTargets, tile: Tile
) -> StyleSums:
    """The sums over a tile's own positions, of the pixels `seen`."""
    features = {layer: maps[:, :, *tile.within[layer]] for layer, maps in network(seen).items()}
    return objective.sums(features, targets.part(tile.overall))


class _WithGradient(torch.autograd.Function):
    """A value that is known already, with the gradient that is known already."""

    @staticmethod
    def forward(ctx: Any, image: Tensor, value: Tensor, gradient: Tensor) -> Tensor:
        ctx.save_for_backward(gradient)
        return value.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return upstream * gradient, None, None
