"""The network that a command looks into: that of a run, or one with weights."""

from collections.abc import Sequence
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import torch
from torch import nn

from likeness.config.check import check
from likeness.config.compose import composed
from likeness.config.make import make, plain
from likeness.config.overrides import overridden, touches
from likeness.config.schema.embedding import EmbeddingConfig
from likeness.config.schema.inspection import LayersConfig
from likeness.errors import LikenessError
from likeness.inspection import LayeredNetwork
from likeness.models.features.names import refuse_unknown
from likeness.randomness import key
from likeness.recipes.embedding.as_in_run import composed_as_in
from likeness.recipes.embedding.networks import Networks, build_trained
from likeness.recipes.embedding.past import embedding_config_of
from likeness.recipes.evaluation_overrides import is_onnx, parsed_for_evaluation
from likeness.runs.training.checkpoints import hash_of
from likeness.spatial import sides

KEYWORDS = ("pip", "hub")
"""Weights that are no file."""

C = TypeVar("C", bound=LayersConfig)


class OfRun(NamedTuple):
    """The configuration of a run and its networks."""

    config: EmbeddingConfig
    networks: Networks


class NamedNetwork(NamedTuple, Generic[C]):
    """A network, in evaluation mode and with no gradient by its weights.

    Attributes:
        title: what to call it.
        config: of what is done with it.
        backbone: whose layers are looked into.
        run: the run that it is of, or None.
        weights: a hash of all of them.
    """

    title: str
    config: C
    backbone: nn.Module
    run: OfRun | None
    weights: str


def named_network(
    named: str, overrides: Sequence[str], trust: Sequence[str], *, command: str, schema: type[C]
) -> NamedNetwork[C]:
    """The folder of a run, or weights for the network that `backbone` chooses: pip, hub, or a file.

    Args:
        named: what is named.
        overrides: of the configuration.
        trust: packages whose parts may be made.
        command: whose configuration it is, in `conf/`.
        schema: of that.

    Raises:
        LikenessError: it is neither, or an override won't do.
    """
    place = Path(named)
    if (place / "config.yaml").is_file():
        return _of_run(place, overrides, trust, command, schema)
    if is_onnx(place):
        raise LikenessError(
            f"The layers of {named} can't be looked into: an ONNX file hands out embeddings alone; name a run, or "
            "weights of a network of torch."
        )
    if place.is_file() or named in KEYWORDS:
        return _of_weights(named, overrides, trust, command, schema)
    raise LikenessError(
        f"{named} is neither a run's folder (it has no config.yaml) nor a file of weights; pip takes those that pip "
        "installs, and hub downloads some."
    )


def drawn_backbone(config: LayersConfig) -> nn.Module:
    """The backbone of a configuration, with its own weights or such as the seed draws."""
    torch.manual_seed(key("weights", config.seed))
    backbone: nn.Module = make(config.backbone)
    return backbone.eval().requires_grad_(False)


def layered(
    title: str, config: LayersConfig, whole: nn.Module, backbone: nn.Module
) -> tuple[LayeredNetwork, list[str]]:
    """The layers of a `backbone`, alone or as a part of the `whole`, and those of them that the configuration names.

    Raises:
        LikenessError: there are none, or not those.
    """
    within = getattr(backbone, "network", None)
    if not isinstance(within, nn.Module):
        within = None if whole is backbone else backbone
    network = LayeredNetwork(whole, sides(config.backbone.spatial_size), config.backbone.channels, within)
    known = list(network.layers)
    if not known:
        raise LikenessError(
            f"{title} has no layer with a map of positions, which is what is looked into: choose a network of "
            "convolutions."
        )
    if config.layers is not None:
        try:
            refuse_unknown(config.layers, known, title)
        except ValueError as error:
            raise LikenessError(str(error)) from None
    chosen = set(config.layers or network.convolutions or known)
    return network, [name for name in known if name in chosen]


def _of_run(
    run: Path, overrides: Sequence[str], trust: Sequence[str], command: str, schema: type[C]
) -> NamedNetwork[C]:
    own = embedding_config_of(run, trust)
    composition, later = composed_as_in(own, command, parsed_for_evaluation(overrides), ("data",))
    composition["trust"] = [*own.trust, *(one for one in trust if one not in own.trust)]
    config = check(overridden(composition, later, f"likeness {command}"), schema)
    networks = build_trained(own, run)
    weights = hash_of(networks.weights)
    for part in networks.parts.values():
        part.eval().requires_grad_(False)
    title = f"{own.name}/{run.resolve().name}"
    return NamedNetwork(title, config, networks.embedder.backbone, OfRun(own, networks), weights)


def _of_weights(
    named: str, overrides: Sequence[str], trust: Sequence[str], command: str, schema: type[C]
) -> NamedNetwork[C]:
    given = parsed_for_evaluation(overrides)
    if taken := [one for one in given if touches(one, "backbone.weights")]:
        raise LikenessError(f"{taken[0].input_line} is given already, by the first argument; leave it out.")
    composition = composed(command, list(overrides))
    composition.trust = list(trust)
    if "weights" not in composition.backbone:
        raise LikenessError(
            f"This backbone takes no weights, so {named} can't be its own: choose backbone=efficientnet_lite0, vgg16, "
            "timm or torchvision, or name the folder of a run."
        )
    composition.backbone.weights = named
    config = check(plain(composition), schema)
    backbone = drawn_backbone(config)
    title = f"{getattr(config.backbone, 'name', config.backbone.target)} ({named})"
    return NamedNetwork(title, config, backbone, None, hash_of(backbone.state_dict()))
