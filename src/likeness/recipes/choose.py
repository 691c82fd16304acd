"""Which work a configuration describes."""

from collections.abc import Callable

from omegaconf import DictConfig

from likeness.config.make import plain
from likeness.config.schema.runs import (
    EncodingConfig,
    StyleConfig,
    StylizerConfig,
    TrainConfig,
    training_schema,
)
from likeness.recipes.embedding.recipe import EncodingWork
from likeness.recipes.pixels.recipe import StyleWork
from likeness.recipes.stylizer.recipe import StylizerWork
from likeness.runs.recipe import Work

DECIDE_INPUTS = ("backbone", "data", "episodes", "evaluation", "seed", "stylizer", "task", "test_data")
"""The parts of a configuration that decide what its run reads."""

WORKS: dict[type[TrainConfig], Callable[[DictConfig], Work]] = {
    EncodingConfig: EncodingWork,
    StyleConfig: StyleWork,
    StylizerConfig: StylizerWork,
}


def work_of(config: DictConfig) -> Work:
    """The work of a checked configuration, of which nothing is read yet."""
    return WORKS[training_schema(plain(config))](config)
