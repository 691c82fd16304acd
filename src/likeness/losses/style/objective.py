"""The objective of style transfer: what the pixels of the generated image are trained to lower."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..precision import in_working_precision
from .content import content_cost, content_sums
from .difference import Reduction, check_reduction, reduced
from .gram import GramStatistic
from .style_statistic import AdditiveStatistic, StyleStatistic, Sums
from .targets import StyleTargets
from .total_variation import TotalVariation, check_total_variation, total_variation


class StyleCosts(NamedTuple):
    """The objective and its terms, 0-d in float32.

    `total` is alpha `content` + beta `style` + gamma `total_variation`; a term of weight 0 is not computed and is 0.
    """

    total: Tensor
    content: Tensor
    style: Tensor
    total_variation: Tensor


@dataclass(frozen=True, eq=False)
class StyleSums:
    """What the costs of content and style need of a part of the image; those of two parts add up.

    `content` by layer, `styles` by style image and layer.
    """

    content: dict[str, Sums]
    styles: list[dict[str, Sums]]

    def __add__(self, other: "StyleSums") -> "StyleSums":
        return StyleSums(
            _added(self.content, other.content),
            [_added(*pair) for pair in zip(self.styles, other.styles, strict=True)],
        )

    def values(self) -> list[Tensor]:
        """All the sums that depend on the image, in a fixed order: for the chain rule from the whole to its parts."""
        return [sums.values for layers in [self.content, *self.styles] for sums in layers.values()]


class StyleObjective(nn.Module):
    """`J(G) = alpha J_content(C, G) + beta J_style(S, G) + gamma TV(G)` (Gatys et al. 2016, eq. 7).

    `J_content` is the sum over layers of their weight times `content_cost`; `J_style` the sum over style images of
    their weight times the sum over layers of their weight times the statistic's cost.

    Args:
        content_layers: layers that stand for content, each with its weight.
        style_layers: layers that stand for style, each with its weight.
        content_weight: alpha.
        style_weight: beta.
        total_variation_weight: gamma.
        statistic: what stands for style at a layer; a `GramStatistic` if None.
        content: how the difference of content features is reduced, a value of `difference.reduced`.
        total_variation: a value of `total_variation`.

    Raises:
        ValueError: a weight is negative or not finite, a term that counts has no layers, nothing counts, or a
            value is unknown.
    """

    def __init__(
        self,
        content_layers: Mapping[str, float],
        style_layers: Mapping[str, float],
        content_weight: float = 1.0,
        style_weight: float = 1.0,
        total_variation_weight: float = 0.0,
        statistic: StyleStatistic | None = None,
        content: Reduction = "mean",
        total_variation: TotalVariation = "mean_squared",
    ) -> None:
        super().__init__()
        check_reduction(content)
        check_total_variation(total_variation)
        self.content_weight = _weight("content_weight", content_weight)
        self.style_weight = _weight("style_weight", style_weight)
        self.total_variation_weight = _weight("total_variation_weight", total_variation_weight)
        self.content_layers = _counting("content", content_layers, self.content_weight)
        self.style_layers = _counting("style", style_layers, self.style_weight)
        if not (self.layers or self.total_variation_weight):
            raise ValueError("the objective is empty: content, style and total variation all have weight 0")
        self.statistic = statistic or GramStatistic()
        self.content: Reduction = content
        self.total_variation: TotalVariation = total_variation

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers whose features are needed, each once: those of a cost that counts."""
        return tuple(dict.fromkeys([*self.content_layers, *self.style_layers]))

    @torch.no_grad()
    def targets(
        self,
        content_features: Mapping[str, Tensor],
        style_features: Sequence[Mapping[str, Tensor]],
        style_weights: Sequence[float],
        masks: Sequence[Mapping[str, Tensor] | None],
    ) -> StyleTargets:
        """What to compare with, from features `[B, C, *spatial]` by layer of the content image and of K styles.

        `style_weights` are the K weights of the blend; `masks` says for each style where it counts in the generated
        image, by style layer `[B or 1, 1, *spatial]` in [0, 1] (`mask_at` makes them), or None for everywhere.

        Raises:
            ValueError: not K of each or no style where style counts, a weight that is negative or not finite, or a mask
                that is empty or leaves [0, 1].
        """
        described = [
            {layer: self.statistic.describe(features[layer]) for layer in self.style_layers}
            for features in style_features
        ]
        return self.targets_of(content_features, described, style_weights, masks)

    def style_sums(self, features: Mapping[str, Tensor]) -> dict[str, Sums]:
        """What a style image's description follows from, by style layer, of a part of it.

        Raises:
            ValueError: the statistic is no sum over positions.
        """
        statistic = self._additive()
        return {layer: statistic.sums(features[layer]) for layer in self.style_layers}

    def describe_sums(self, sums: Mapping[str, Sums]) -> dict[str, Tensor]:
        """What is kept of a style image by the sums over all its parts; raises as `style_sums` does."""
        statistic = self._additive()
        return {layer: statistic.description(sums[layer]) for layer in self.style_layers}

    def targets_of(
        self,
        content_features: Mapping[str, Tensor],
        described: Sequence[Mapping[str, Tensor]],
        style_weights: Sequence[float],
        masks: Sequence[Mapping[str, Tensor] | None],
    ) -> StyleTargets:
        """The same of K styles that are described already; raises as `targets` does."""
        if not len(described) == len(style_weights) == len(masks):
            raise ValueError(
                f"{len(described)} styles need as many weights and masks, "
                f"not {len(style_weights)} and {len(masks)}"
            )
        if self.style_layers and not described:
            raise ValueError("a style image is needed, since style_weight is not 0")
        return StyleTargets(
            {layer: content_features[layer].detach() for layer in self.content_layers},
            [{layer: style[layer].detach() for layer in self.style_layers} for style in described],
            [_weight("a style's weight", weight) for weight in style_weights],
            [
                {} if mask is None else {layer: _checked(mask[layer]) for layer in self.style_layers}
                for mask in masks
            ],
        )

    def forward(self, image: Tensor, features: Mapping[str, Tensor], targets: StyleTargets) -> StyleCosts:
        """The costs of the generated `image [B, C, *spatial]`, whose `features` by layer are given.

        Raises:
            ValueError: features of another shape than their target.
        """
        content = [
            weight * content_cost(features[layer], targets.content[layer], self.content)
            for layer, weight in self.content_layers.items()
        ]
        style = [
            blend
            * weight
            * self.statistic.cost(_fitting(features, described, layer), described[layer], mask.get(layer))
            for described, blend, mask in zip(targets.styles, targets.weights, targets.masks, strict=True)
            for layer, weight in self.style_layers.items()
        ]
        return self._costs(image, content, style)

    def sums(self, features: Mapping[str, Tensor], targets: StyleTargets) -> StyleSums:
        """What the costs need of a part of the image, whose features and targets (`StyleTargets.part`) are given.

        Raises:
            ValueError: features of another shape than their target, or a statistic that is no sum over positions.
        """
        statistic = self._additive()
        return StyleSums(
            {
                layer: content_sums(features[layer], targets.content[layer], self.content)
                for layer in self.content_layers
            },
            [
                {
                    layer: statistic.sums(_fitting(features, described, layer), mask.get(layer))
                    for layer in self.style_layers
                }
                for described, mask in zip(targets.styles, targets.masks, strict=True)
            ],
        )

    def costs_of_sums(self, image: Tensor, sums: StyleSums, targets: StyleTargets) -> StyleCosts:
        """The costs of the whole `image [B, C, *spatial]` by the sums over all its parts: equal to `forward`."""
        statistic = self._additive()
        content = [
            weight * reduced(sums.content[layer], self.content)
            for layer, weight in self.content_layers.items()
        ]
        style = [
            blend * weight * statistic.cost_of_sums(part[layer], described[layer])
            for part, described, blend in zip(sums.styles, targets.styles, targets.weights, strict=True)
            for layer, weight in self.style_layers.items()
        ]
        return self._costs(image, content, style)

    def _costs(self, image: Tensor, content: list[Tensor], style: list[Tensor]) -> StyleCosts:
        nothing = in_working_precision(image.new_zeros(()))
        j_content, j_style = sum(content, nothing), sum(style, nothing)
        variation = total_variation(image, self.total_variation) if self.total_variation_weight else nothing
        total = (
            self.content_weight * j_content
            + self.style_weight * j_style
            + self.total_variation_weight * variation
        )
        return StyleCosts(total, j_content, j_style, variation)

    def _additive(self) -> AdditiveStatistic:
        if not isinstance(self.statistic, AdditiveStatistic):
            raise ValueError(
                f"{type(self.statistic).__name__} is no sum over positions and can't be taken part by part; "
                "use GramStatistic, GaussianStatistic or MeanStdStatistic"
            )
        return self.statistic


def _weight(name: str, value: float) -> float:
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} must be a finite number of at least 0, not {value}")
    return float(value)


def _counting(term: str, layers: Mapping[str, float], weight: float) -> dict[str, float]:
    """The layers of a term that count: all whose weight is not 0, or none if that of the term is."""
    weights = {
        layer: _weight(f"the weight of {term} layer {layer}", value) for layer, value in layers.items()
    }
    counting = {layer: value for layer, value in weights.items() if value and weight}
    if weight and not counting:
        raise ValueError(
            f"{term}_layers names no layer with a weight above 0, but {term}_weight is {weight:g}"
        )
    return counting


def _checked(mask: Tensor) -> Tensor:
    low, high = mask.aminmax()
    if not (low >= 0 and 0 < high <= 1):
        raise ValueError(f"a mask must lie in [0, 1] and not be 0 everywhere, but is in [{low:g}, {high:g}]")
    return mask.detach()


def _fitting(features: Mapping[str, Tensor], described: Mapping[str, Tensor], layer: str) -> Tensor:
    """The features of a layer, if there are as many channels as in what was described of the style image."""
    found, wanted = features[layer].shape[:2], described[layer].shape[:2]
    if found[1] != wanted[1] or wanted[0] not in (1, found[0]):
        raise ValueError(
            f"features of {layer} are of {found[0]} images and {found[1]} channels, but the style's of "
            f"{wanted[0]} and {wanted[1]}"
        )
    return features[layer]


def _added(first: Mapping[str, Sums], second: Mapping[str, Sums]) -> dict[str, Sums]:
    return {layer: first[layer] + second[layer] for layer in first}
