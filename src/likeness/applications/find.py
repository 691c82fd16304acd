"""Find a learning rate, or the size of a batch, for the training that overrides describe."""

import os
from collections.abc import Iterator, Sequence
from math import inf
from pathlib import Path

import numpy as np

from likeness.config.schema.embedding import EmbeddingConfig
from likeness.errors import LikenessError
from likeness.recipes.choose import recipe_of, training_config
from likeness.recipes.embedding.recipe import EmbeddingRecipe
from likeness.runs.find.batch_size import FoundSize, find_size
from likeness.runs.find.learning_rate import FoundRate, find_rate
from likeness.runs.training.devices import device_of, refuse_devices

_SMALLEST = 4
"""Identities in the first batch that is tried."""


def find_learning_rate(overrides: Sequence[str], *, lowest: float, highest: float, steps: int) -> FoundRate:
    """A range test of the rate; raises as `find_rate` does."""
    if not lowest < highest:
        raise LikenessError(f"--lowest={lowest:g} must be less than --highest={highest:g}.")
    config = training_config(overrides)
    refuse_devices(config.trainer.accelerator, config.trainer.devices)
    return find_rate(config, recipe_of(config), lowest=lowest, highest=highest, steps=steps)


def find_batch_size(overrides: Sequence[str]) -> FoundSize:
    """How many identities a batch may have, of `sampler.images` samples each.

    Raises:
        LikenessError: the training has no batches of identities, or none fits.
    """
    config = training_config(overrides)
    if not isinstance(config, EmbeddingConfig):
        raise LikenessError("likeness find batch_size is for tasks whose batches have sampler.identities.")
    refuse_devices(config.trainer.accelerator, config.trainer.devices)
    images = config.sampler.images
    known = len(np.unique(EmbeddingRecipe(config).data().train.identity))

    def made(size: int) -> tuple[EmbeddingConfig, EmbeddingRecipe]:
        sampler = config.sampler.model_copy(update={"identities": size})
        changed = config.model_copy(update={"sampler": sampler})
        return changed, EmbeddingRecipe(changed)

    on_gpu = device_of(config.trainer.accelerator).type == "cuda"
    return find_size(_doubled(known), lambda size: size * images, made, lambda: inf if on_gpu else _free())


def _doubled(most: int) -> Iterator[int]:
    size = min(_SMALLEST, most)
    while size <= most:
        yield size
        size *= 2


def _free() -> float:
    """Bytes of memory that a process could still be given."""
    known = Path("/proc/meminfo")
    if known.is_file():
        lines = dict(line.split(":") for line in known.read_text().splitlines())
        return 1024 * float(lines["MemAvailable"].split()[0])
    return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
