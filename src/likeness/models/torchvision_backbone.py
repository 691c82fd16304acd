"""torchvision's classification networks as backbones."""

from collections.abc import Sequence
from functools import partial

import torchvision
from torch import nn

from likeness.config.nearest import nearest
from likeness.models.backbone import Backbone, feature_dim_of
from likeness.models.weights import from_hub, load_weights, read_weights
from likeness.spatial import SpatialSize, height_and_width


def torchvision_backbone(
    *,
    name: str,
    weights: str | None,
    spatial_size: SpatialSize,
    channels: int,
    mean: Sequence[float],
    std: Sequence[float],
) -> Backbone:
    """The torchvision network `name`, its last linear layer replaced by the identity.

    Raises:
        ValueError: an unknown name, a number of channels that it can't take, or weights that don't fit.
    """
    known = torchvision.models.list_models(module=torchvision.models)
    if name not in known:
        raise ValueError(f"torchvision has no network {name}: {nearest(name, known)}")
    if channels != 3:
        raise ValueError("torchvision's networks take 3 channels; use channels=3 or a timm network.")
    size = height_and_width(spatial_size, "backbone=torchvision")
    create = partial(torchvision.models.get_model, name)
    network: nn.Module = from_hub(partial(create, weights="DEFAULT"), name) if weights == "hub" else create()
    if weights not in (None, "hub"):
        load_weights(network, read_weights(weights), weights)
    drop_classifier(network, name)
    feature_dim = feature_dim_of(network, channels=channels, spatial_size=size)
    return Backbone(network, feature_dim=feature_dim, mean=mean, std=std)


def drop_classifier(network: nn.Module, name: str) -> None:
    """Put the identity in place of the last linear layer of the network `name`; raises a ValueError if it has none."""
    linear = [path for path, layer in network.named_modules() if isinstance(layer, nn.Linear)]
    if not linear:
        raise ValueError(f"{name} has no linear classifier to leave out; choose another network.")
    parent, _, leaf = linear[-1].rpartition(".")
    setattr(network.get_submodule(parent), leaf, nn.Identity())
