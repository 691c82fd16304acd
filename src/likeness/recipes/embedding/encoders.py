"""The encoders that are measured: the networks of a run, or the encoder of a file."""

import logging
from pathlib import Path

from torch import Tensor

from likeness.config.make import make, told
from likeness.config.schema.embedding import EvaluateConfig
from likeness.data.overlap import identities_in_both
from likeness.evaluation import EUCLIDEAN, OperatingPoint
from likeness.recipes.embedding.leakage import images_trained_on, refuse_overlap, splits_of
from likeness.recipes.embedding.measure import Encoder, TestData
from likeness.recipes.embedding.networks import Networks
from likeness.recipes.embedding.trained import Trained
from likeness.runs.record.source import hash_of_file
from likeness.runs.training.checkpoints import hash_of
from likeness.runs.training.devices import device_of

log = logging.getLogger("likeness")


def of_file(config: EvaluateConfig, path: Path) -> tuple[Encoder, str]:
    """The encoder of an ONNX file, and the file's hash."""
    encoder = make(config.backbone).to(device_of("auto")).eval()

    def encode(images: Tensor) -> Tensor:
        with told(config.backbone):
            encoded: Tensor = encoder(images)
        return encoded

    return Encoder(encode, EUCLIDEAN), hash_of_file(path)


def of_trained(
    config: EvaluateConfig, trained: Trained, source: Path, tested: TestData
) -> tuple[Encoder, str]:
    """The networks of a run, and the hash of their weights.

    The run's operating point comes with them where it holds for the tested identities and was chosen by these weights.

    Raises:
        LikenessError: the run, or one whose encoder it began with, was trained on identities to be tested on.
    """
    own, networks, _ = trained
    for trained_on in images_trained_on(own):
        refuse_overlap(trained_on, tested.samples)
    weights = networks.weights
    encoder = encoder_of(networks.ready(device_of("auto")))
    point = _operating_point_for(config, trained, source, tested)
    return encoder._replace(operating_point=point), hash_of(weights)


def _operating_point_for(
    config: EvaluateConfig, trained: Trained, source: Path, tested: TestData
) -> OperatingPoint | None:
    """A run's operating point, where it holds: for images that are encoded as those it was chosen on, and others' than
    theirs.
    """
    own, _, point = trained
    if point is None:
        return None
    if config.evaluation.flip != own.evaluation.flip:
        log.warning(
            "The threshold of %s is left out: it was chosen with evaluation.flip=%s.",
            source,
            own.evaluation.flip,
        )
        return None
    chosen_on = splits_of(own)
    if chosen_on is None or chosen_on.validation is None:
        return None
    if both := identities_in_both(chosen_on.validation, tested.samples):
        log.warning(
            "The threshold of %s is left out: it was chosen on %s, an identity that is to be tested on.",
            source,
            both[0],
        )
        return None
    return point


def encoder_of(networks: Networks) -> Encoder:
    """A run's networks, to be measured."""
    return Encoder(networks.embedder.encode_views, networks.comparison)
