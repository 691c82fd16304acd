"""What is measured: the networks of a run, or the encoder of a file."""

import logging
from pathlib import Path

from omegaconf import DictConfig

from likeness.config.make import make
from likeness.data.overlap import identities_in_both
from likeness.evaluation import EUCLIDEAN, Judge
from likeness.runs.devices import device_of
from likeness.runs.encodings.build import Networks, build_trained
from likeness.runs.encodings.measuring.judging import read_judge
from likeness.runs.encodings.measuring.measure import Contender, TestData
from likeness.runs.encodings.people import people_trained_on, refuse_overlap, splits_of
from likeness.runs.past_config import encoding_config_of
from likeness.runs.record.source import hash_of_file
from likeness.runs.training.checkpoints import hash_of

log = logging.getLogger("likeness")


def of_file(config: DictConfig, path: Path) -> tuple[Contender, str]:
    """The encoder of an ONNX file, and the file's hash."""
    encoder = make(config.backbone).to(device_of("auto")).eval()
    return Contender(encoder, EUCLIDEAN), hash_of_file(path)


def of_run(config: DictConfig, run: Path, tested: TestData) -> tuple[Contender, str]:
    """The networks of a run, with its judge where that can judge the tested people, and the hash of their weights.

    Raises:
        LikenessError: the run, or one whose encoder it began with, was trained on people to be tested on.
    """
    own = encoding_config_of(run)
    for trained_on in people_trained_on(own):
        refuse_overlap(trained_on, tested.pictures)
    networks = build_trained(config, run)
    weights = {
        f"{name}.{key}": value
        for name, part in networks.parts.items()
        for key, value in part.state_dict().items()
    }
    contender = contender_of(networks.ready(device_of("auto")))
    return contender._replace(judge=_judge_for(config, own, run, tested)), hash_of(weights)


def _judge_for(config: DictConfig, own: DictConfig, run: Path, tested: TestData) -> Judge | None:
    """A run's judge, where it can judge the tested people: encoded as those that it was chosen on, and others."""
    if config.evaluation.flip != own.evaluation.flip:
        log.warning(
            "The threshold of %s is left out: it was chosen with evaluation.flip=%s.",
            run,
            own.evaluation.flip,
        )
        return None
    chosen_on = splits_of(own)
    if chosen_on is None or chosen_on.validation is None:
        return None
    if both := identities_in_both(chosen_on.validation, tested.pictures):
        log.warning(
            "The threshold of %s is left out: it was chosen on %s, who is to be tested on.",
            run,
            both[0],
        )
        return None
    return read_judge(run)


def contender_of(networks: Networks) -> Contender:
    """A run's networks, to be measured."""
    return Contender(networks.embedder.in_turns, networks.comparison)
