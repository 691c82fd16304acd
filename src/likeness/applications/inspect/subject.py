"""What is looked into: a network with its layers, the images that it is shown, and how it compares two of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from likeness.config.check import check
from likeness.config.compose import composed
from likeness.config.make import make, plain
from likeness.config.overrides import overridden, touches
from likeness.config.schema.inspection import InspectConfig
from likeness.data.skipping import SkippingUnreadable
from likeness.errors import LikenessError
from likeness.inspection import LayeredNetwork
from likeness.inspection.saliency import Compare
from likeness.models.features.names import refuse_unknown
from likeness.randomness import key
from likeness.recipes.embedding.as_in_run import composed_as_in
from likeness.recipes.embedding.networks import Networks, build_trained
from likeness.recipes.embedding.past import embedding_config_of
from likeness.recipes.embedding.readable import build_data
from likeness.recipes.evaluation_overrides import is_onnx, parsed_for_evaluation
from likeness.runs.training.checkpoints import hash_of
from likeness.spatial import sides

KEYWORDS = ("pip", "hub")
"""Weights that are no file."""

SOME = 32
"""So many inputs are looked at for the range of their values."""


class Subject(NamedTuple):
    """What is looked into.

    Attributes:
        title: what to call the network.
        config: of the inspection.
        network: its layers.
        layers: the names of those to look into, in order.
        images: what it is shown.
        value_range: the least and the greatest value of an input: 0 and 1 of bytes, of floats what some of them have.
        compare: the distance of two images to it.
        unit: what that is.
        weights: a hash of its weights.
    """

    title: str
    config: InspectConfig
    network: LayeredNetwork
    layers: list[str]
    images: SkippingUnreadable
    value_range: tuple[float, float]
    compare: Compare
    unit: str
    weights: str


def subject_of(named: str, overrides: Sequence[str], trust: Sequence[str]) -> Subject:
    """What `likeness inspect` names: the folder of a run, or weights for the network that `backbone` chooses.

    Raises:
        LikenessError: it is neither, or has no layer that can be looked into, or there are no such data.
    """
    place = Path(named)
    if (place / "config.yaml").is_file():
        return _of_run(place, overrides, trust)
    if is_onnx(place):
        raise LikenessError(
            f"The layers of {named} can't be looked into: an ONNX file hands out embeddings alone; name a run, or "
            "weights of a network of torch."
        )
    if place.is_file() or named in KEYWORDS:
        return _of_weights(named, overrides, trust)
    raise LikenessError(
        f"{named} is neither a run's folder (it has no config.yaml) nor a file of weights; pip takes those that pip "
        "installs, and hub downloads some."
    )


def _of_run(run: Path, overrides: Sequence[str], trust: Sequence[str]) -> Subject:
    own = embedding_config_of(run, trust)
    composition, later = composed_as_in(own, "inspect", parsed_for_evaluation(overrides), ("data",))
    composition["trust"] = [*own.trust, *(one for one in trust if one not in own.trust)]
    config = check(overridden(composition, later, "the inspection"), InspectConfig)
    networks = build_trained(own, run)
    weights = hash_of(networks.weights)
    for part in networks.parts.values():
        part.eval().requires_grad_(False)
    compare, unit = _comparison(networks)
    return _subject(
        f"{own.name}/{run.resolve().name}", config, networks.embedder.backbone, compare, unit, weights
    )


def _of_weights(named: str, overrides: Sequence[str], trust: Sequence[str]) -> Subject:
    given = parsed_for_evaluation(overrides)
    if taken := [one for one in given if touches(one, "backbone.weights")]:
        raise LikenessError(f"{taken[0].input_line} is given already, by the first argument; leave it out.")
    composition = composed("inspect", list(overrides))
    composition.trust = list(trust)
    if "weights" not in composition.backbone:
        raise LikenessError(
            f"This backbone takes no weights, so {named} can't be its own: choose backbone=efficientnet_lite0, vgg16, "
            "timm or torchvision, or name the folder of a run."
        )
    composition.backbone.weights = named
    config = check(plain(composition), InspectConfig)
    torch.manual_seed(key("weights", config.seed))
    backbone = make(config.backbone)

    def compare(first: Tensor, second: Tensor) -> Tensor:
        sides = [functional.normalize(backbone(images).float()) for images in (first, second)]
        return (sides[0] - sides[1]).square().sum(1)

    weights = hash_of(backbone.state_dict())
    title = f"{getattr(config.backbone, 'name', config.backbone.target)} ({named})"
    return _subject(
        title, config, backbone, compare, "squared distance of the features, each of length 1", weights
    )


def _comparison(networks: Networks) -> tuple[Compare, str]:
    """The distance of two images to a run's networks, through which the gradient goes."""
    embedder, head = networks.embedder, networks.head
    if head is None:

        def by_distance(first: Tensor, second: Tensor) -> Tensor:
            return (embedder(first) - embedder(second)).square().sum(1)

        return by_distance, "squared distance of the embeddings"

    def by_head(first: Tensor, second: Tensor) -> Tensor:
        return -head.of_pairs(embedder(first), embedder(second))

    return by_head, "minus the log odds that it is one identity"


def _subject(
    title: str, config: InspectConfig, backbone: nn.Module, compare: Compare, unit: str, weights: str
) -> Subject:
    size, channels = config.backbone.spatial_size, config.backbone.channels
    within = getattr(backbone, "network", None)
    network = LayeredNetwork(
        backbone, sides(size), channels, within if isinstance(within, nn.Module) else None
    )
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
    chosen = config.layers or network.convolutions or known
    layers = [name for name in known if name in set(chosen)]
    images = getattr(build_data(config.data), config.split)
    if images is None or not len(images):
        raise LikenessError(
            f"These data have no {config.split} split: choose another with split=train, validation or test, or give it "
            "a share with data.split."
        )
    return Subject(title, config, network, layers, images, _value_range(images), compare, unit, weights)


def _value_range(images: SkippingUnreadable) -> tuple[float, float]:
    some = images.load(range(0, len(images), -(-len(images) // SOME)))
    if some[0].dtype == torch.uint8:
        return 0.0, 1.0
    values = torch.stack(some)
    low, high = float(values.min()), float(values.max())
    return low, max(high, low + 1e-6)
