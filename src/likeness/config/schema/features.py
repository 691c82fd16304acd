"""The schema of the feature networks of style transfer."""

from typing import Annotated, Literal

from pydantic import Field

from likeness.config.schema.base import Node
from likeness.config.schema.style_losses import Weight

Colour = Annotated[list[float], Field(min_length=3, max_length=3)]
Spread = Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=3, max_length=3)]


class Layers(Node):
    """Layers with their weights, beta and gamma."""

    content_layers: dict[str, Weight]
    style_layers: dict[str, Weight]
    style_weight: Weight
    total_variation_weight: Weight


class Suggested(Layers):
    """What `loss=style` takes for a network, and what `loss=adain` takes."""

    adain: Layers


class _Features(Node):
    of_the_recipe = frozenset({"suggested"})
    partial: Literal[True] = Field(alias="_partial_")
    weights: str | None
    suggested: Suggested


class _Pooled(_Features):
    pooling: Literal["max", "average"]
    average_scale: Annotated[float, Field(gt=0)]


class VggFeatures(_Pooled):
    """VGG-16 or VGG-19 by the layers' names in the papers."""

    target: Literal["likeness.models.features.vgg.vgg_features"] = Field(alias="_target_")
    name: Literal["vgg16", "vgg19"]
    padding_mode: Literal["zeros", "replicate"]
    channel_order: Literal["rgb", "bgr"]
    mean: Colour
    std: Spread


class Vgg19Normalised(_Pooled):
    """AdaIN's VGG-19, whose channels have a mean activation of one."""

    target: Literal["likeness.models.features.vgg.vgg19_normalised"] = Field(alias="_target_")


class TimmFeatures(_Features):
    """A timm network by the names of its modules."""

    target: Literal["likeness.models.features.timm_graph.timm_features"] = Field(alias="_target_")
    name: str
    mean: Colour
    std: Spread


Features = Annotated[VggFeatures | Vgg19Normalised | TimmFeatures, Field(discriminator="target")]
