"""What is probed: a network and the same untrained, and the images that the probes learn from and are asked about."""

from collections.abc import Sequence
from typing import NamedTuple

from torch import nn

from likeness.applications.named_network import NamedNetwork, drawn_backbone, layered, named_network
from likeness.config.schema.inspection import ProbeConfig
from likeness.data.skipping import SkippingUnreadable
from likeness.errors import LikenessError
from likeness.inspection import LayeredNetwork
from likeness.recipes.embedding.leakage import images_trained_on, refuse_overlap
from likeness.recipes.embedding.networks import build_networks, takes_statistics_of_data
from likeness.recipes.embedding.readable import build_data
from likeness.runs.training.checkpoints import hash_of


class ProbedNetwork(NamedTuple):
    """A network whose layers are probed, and a hash of its weights before anything was encoded."""

    layered: LayeredNetwork
    weights: str


class ProbedImages(NamedTuple):
    """What probes see.

    Attributes:
        chosen_on: those on which the penalties are chosen.
        asked: those of which the results are.
        closed_set: whether `asked` are other images of the classes of `chosen_on`, from all of which the probes learn;
            else they are other identities, of which the probes learn half.
    """

    chosen_on: SkippingUnreadable
    asked: SkippingUnreadable
    closed_set: bool


class Subject(NamedTuple):
    """What is probed.

    Attributes:
        title: what to call the network.
        config: of the probes.
        network: the network.
        untrained: the same with weights as the seed draws them.
        layers: the names of those to probe, in order.
        last: what to call what the network gives.
        images: what they are shown.
    """

    title: str
    config: ProbeConfig
    network: ProbedNetwork
    untrained: ProbedNetwork
    layers: list[str]
    last: str
    images: ProbedImages


def subject_of(named: str, overrides: Sequence[str], trust: Sequence[str]) -> Subject:
    """What `likeness probe` names: the folder of a run, or weights for the network that `backbone` chooses.

    Raises:
        LikenessError: it is neither, or has no layer to probe, or the data do not suffice.
    """
    found = named_network(named, overrides, trust, command="probe", schema=ProbeConfig)
    config = found.config
    images = _images(found)
    whole = found.backbone if found.run is None else found.run.networks.embedder
    network, layers = layered(found.title, config, whole, found.backbone)
    fresh, fresh_backbone = _untrained(found)
    untrained, _ = layered(found.title, config, fresh, fresh_backbone)
    last = "final features" if found.run is None else "final embedding"
    return Subject(found.title, config, _as_it_is(network), _as_it_is(untrained), layers, last, images)


def _as_it_is(network: LayeredNetwork) -> ProbedNetwork:
    return ProbedNetwork(network, hash_of(network.network.state_dict()))


def _untrained(found: NamedNetwork[ProbeConfig]) -> tuple[nn.Module, nn.Module]:
    """The same network as its seed draws it, normalising images alike: all of it, and its backbone."""
    if found.run is None:
        config = found.config
        fresh = config.backbone.model_copy(update={"weights": None})
        backbone = drawn_backbone(config.model_copy(update={"backbone": fresh}))
        return backbone, backbone
    own, networks = found.run
    node = own.backbone
    if getattr(node, "weights", None) is not None:
        node = node.model_copy(update={"weights": None})
    embedder = build_networks(own.model_copy(update={"backbone": node})).embedder
    if takes_statistics_of_data(own):
        trained = networks.embedder.backbone
        embedder.backbone.normalise_by(trained.get_buffer("mean").clone(), trained.get_buffer("std").clone())
    return embedder.eval().requires_grad_(False), embedder.backbone


def _images(found: NamedNetwork[ProbeConfig]) -> ProbedImages:
    splits = build_data(found.config.data)
    first, chosen_on = ("train", splits.train) if splits.closed_set else ("validation", splits.validation)
    for split, images, what in (
        (first, chosen_on, "choose penalties on"),
        ("test", splits.test, "ask about"),
    ):
        if images is None or not len(images):
            raise LikenessError(
                f"These data have no {split} split to {what}: give it a share with data.split, such as [0,0.5,0.5], or "
                "choose other data."
            )
    assert chosen_on is not None
    assert splits.test is not None
    if found.run is not None and not splits.closed_set:
        for trained_on in images_trained_on(found.run.config):
            refuse_overlap(trained_on, splits.test)
    return ProbedImages(chosen_on, splits.test, splits.closed_set)
