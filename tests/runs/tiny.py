"""Overrides by which a run of the command line takes seconds, and such a run in this process."""

from collections.abc import Sequence
from pathlib import Path

from likeness.recipes.choose import recipe_of, training_config
from likeness.runs.run import train

TINY = [
    "data.identities=12",
    "data.pictures_per_identity=6",
    "data.validation_identities=4",
    "data.test_identities=6",
    "backbone.width=4",
    "backbone.spatial_size=32",
    "sampler.identities=4",
    "sampler.images=3",
    "trainer.log_every_n_steps=1",
    "evaluation.pairs=40",
    "evaluation.resamples=20",
    "loader.workers=0",
]


def train_by(overrides: Sequence[str]) -> Path:
    """Train as `python train.py OVERRIDES` would, in this process; the run's folder."""
    config = training_config(overrides)
    return train(config, recipe_of(config))
