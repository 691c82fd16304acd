"""torchvision's classification networks as backbones."""

from collections.abc import Sequence

import torchvision
from torch import nn

from likeness.errors import LikenessError
from likeness.models.backbone import Backbone, feature_dim_of
from likeness.models.weights import load_weights, read_weights


def torchvision_backbone(
    *,
    name: str,
    weights: str | None,
    image_size: int,
    channels: int,
    mean: Sequence[float],
    std: Sequence[float],
) -> Backbone:
    """The torchvision network `name`, its last linear layer replaced by the identity.

    Raises:
        LikenessError: an unknown name, a number of channels that it can't take, or weights that don't fit.
    """
    from likeness.config.check import nearest

    known = torchvision.models.list_models(module=torchvision.models)
    if name not in known:
        raise LikenessError(f"torchvision has no network {name}: {nearest(name, known)}")
    if channels != 3:
        raise LikenessError(
            "torchvision's networks take 3 channels; use backbone.channels=3 or a timm network."
        )
    network = torchvision.models.get_model(name, weights="DEFAULT" if weights == "hub" else None)
    if weights not in (None, "hub"):
        load_weights(network, read_weights(weights), weights)
    _drop_classifier(network)
    feature_dim = feature_dim_of(network, channels=channels, image_size=image_size)
    return Backbone(network, feature_dim=feature_dim, mean=mean, std=std)


def _drop_classifier(network: nn.Module) -> None:
    path, _ = [(path, layer) for path, layer in network.named_modules() if isinstance(layer, nn.Linear)][-1]
    parent, _, leaf = path.rpartition(".")
    setattr(network.get_submodule(parent), leaf, nn.Identity())
