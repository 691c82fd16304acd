"""Leakage: no run is measured on identities that it, or the encoder it began with, was trained or tuned on."""

import logging
from collections.abc import Iterator
from pathlib import Path

from likeness.config.schema.embedding import EmbeddingConfig
from likeness.data.images import Images
from likeness.data.overlap import identities_in_both
from likeness.errors import LikenessError
from likeness.recipes.embedding.build import begun_with
from likeness.recipes.embedding.measure import TestData
from likeness.recipes.embedding.past import embedding_config_of
from likeness.recipes.embedding.readable import ReadableSplits, build_data

log = logging.getLogger("likeness")


def refuse_shared_identities(config: EmbeddingConfig, splits: ReadableSplits, test: TestData) -> None:
    """Raise a LikenessError that names an identity who is in two parts of what a run, or its encoder's run, reads."""
    tested, validation = test.samples, splits.validation
    if splits.train is not None:
        refuse_overlap(splits.train, tested)
    if validation is not None:
        refuse_overlap(validation, tested, "validated on")
    for trained_on in _images_of_encoder(config):
        refuse_overlap(trained_on, tested)
        if validation is not None:
            refuse_overlap(trained_on, validation, to_be="validated on")


def refuse_overlap(seen: Images, others: Images, how: str = "trained on", to_be: str = "tested on") -> None:
    """Raise a LikenessError that names an identity who is in both."""
    both = identities_in_both(seen, others)
    if both:
        raise LikenessError(
            f"{len(both)} identities are both {how} and to be {to_be}, such as {both[0]}; use one data.split and "
            "data.split_seed for both, or other data."
        )


def images_trained_on(config: EmbeddingConfig) -> Iterator[Images]:
    """The images that the run of a configuration was trained on, those of the run that it began with, and so on."""
    splits = splits_of(config)
    if splits is not None and splits.train is not None:
        yield splits.train
    yield from _images_of_encoder(config)


def splits_of(config: EmbeddingConfig) -> ReadableSplits | None:
    """The data of a past run, or None where they are gone."""
    try:
        return build_data(config.data)
    except LikenessError as error:
        log.warning("Whether the run was trained on these identities can't be checked: %s", error)
        return None


def _images_of_encoder(config: EmbeddingConfig) -> Iterator[Images]:
    if run := begun_with(config):
        yield from images_trained_on(embedding_config_of(Path(run), config.trust))
