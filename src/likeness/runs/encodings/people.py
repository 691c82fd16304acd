"""Whom a run has seen: nobody is measured on whom it, or an encoder that it began with, was trained or judged on."""

import logging
from collections.abc import Iterator
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from likeness.data.overlap import identities_in_both
from likeness.data.pictures import Pictures
from likeness.errors import LikenessError
from likeness.runs.encodings.build import ReadableSplits, build_data
from likeness.runs.encodings.measuring.measure import TestData
from likeness.runs.past_config import encoding_config_of

log = logging.getLogger("likeness")


def refuse_shared_people(config: DictConfig, splits: ReadableSplits, test: TestData) -> None:
    """Raise a LikenessError that names a person who is in two parts of what a run, or its encoder's run, reads."""
    tested, validation = test.pictures, splits.validation
    if splits.train is not None:
        refuse_overlap(splits.train, tested)
    if validation is not None:
        refuse_overlap(validation, tested, "validated on")
    for trained_on in _people_of_encoder(config):
        refuse_overlap(trained_on, tested)
        if validation is not None:
            refuse_overlap(trained_on, validation, to_be="validated on")


def refuse_overlap(
    seen: Pictures, others: Pictures, how: str = "trained on", to_be: str = "tested on"
) -> None:
    """Raise a LikenessError that names a person who is in both."""
    both = identities_in_both(seen, others)
    if both:
        raise LikenessError(
            f"{len(both)} people are both {how} and to be {to_be}, such as {both[0]}; use one data.split and "
            "data.split_seed for both, or other data."
        )


def people_trained_on(config: DictConfig) -> Iterator[Pictures]:
    """The pictures that the run of a configuration was trained on, those of the run that it began with, and so on."""
    splits = splits_of(config)
    if splits is not None and splits.train is not None:
        yield splits.train
    yield from _people_of_encoder(config)


def splits_of(config: DictConfig) -> ReadableSplits | None:
    """The data of a past run, or None where they are gone."""
    try:
        return build_data(config.data)
    except LikenessError as error:
        log.warning("Whether the run was trained on these people can't be checked: %s", error)
        return None


def _people_of_encoder(config: DictConfig) -> Iterator[Pictures]:
    if run := OmegaConf.select(config, "task.encoder"):
        yield from people_trained_on(encoding_config_of(Path(run)))
