"""What is looked into: a network with its layers, the images that it is shown, and how it compares two of them."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from likeness.applications.named_network import NamedNetwork, layered, named_network
from likeness.config.schema.inspection import InspectConfig
from likeness.data.fingerprint import spread_over
from likeness.data.skipping import SkippingUnreadable
from likeness.errors import LikenessError
from likeness.inspection import LayeredNetwork
from likeness.inspection.saliency import Compare
from likeness.recipes.embedding.readable import build_data

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
    return subject_on(named_network(named, overrides, trust, command="inspect", schema=InspectConfig))


def subject_on(named: NamedNetwork[InspectConfig]) -> Subject:
    """A network with its layers, and the images that its configuration chooses; raises as `subject_of` does."""
    title, config, backbone, _, weights = named
    network, layers = layered(title, config, backbone, backbone)
    images = getattr(build_data(config.data), config.split)
    if images is None or not len(images):
        raise LikenessError(
            f"These data have no {config.split} split: choose another with split=train, validation or test, or give it "
            "a share with data.split."
        )
    compare, unit = _comparison(named)
    return Subject(title, config, network, layers, images, _value_range(images), compare, unit, weights)


def _comparison(named: NamedNetwork[InspectConfig]) -> tuple[Compare, str]:
    """The distance of two images to a network, through which the gradient goes."""
    backbone, run = named.backbone, named.run
    if run is None:

        def by_features(first: Tensor, second: Tensor) -> Tensor:
            sides = [functional.normalize(backbone(images).float()) for images in (first, second)]
            return (sides[0] - sides[1]).square().sum(1)

        return by_features, "squared distance of the features, each of length 1"
    embedder, head = run.networks.embedder, run.networks.head
    if head is None:

        def by_distance(first: Tensor, second: Tensor) -> Tensor:
            return (embedder(first) - embedder(second)).square().sum(1)

        return by_distance, "squared distance of the embeddings"

    def by_head(first: Tensor, second: Tensor) -> Tensor:
        return -head.of_pairs(embedder(first), embedder(second))

    return by_head, "minus the log odds that it is one identity"


def _value_range(images: SkippingUnreadable) -> tuple[float, float]:
    some = images.load(spread_over(len(images), SOME))
    if some[0].dtype == torch.uint8:
        return 0.0, 1.0
    values = torch.stack(some)
    low, high = float(values.min()), float(values.max())
    return low, max(high, low + 1e-6)
