"""A run that trains a detector of faces."""

from collections.abc import Sequence
from copy import deepcopy
from functools import cached_property
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import nn

from likeness.config.schema.detection import DetectionConfig
from likeness.data.fingerprint import Files
from likeness.data.scene_batches import SceneDataModule
from likeness.recipes.detection.build import (
    ReadableSplits,
    build_data,
    build_datamodule,
    build_network,
    build_task,
    refuse_shared_images,
)
from likeness.recipes.detection.family import DETECTION
from likeness.recipes.detection.results import conclude
from likeness.recipes.named_file import hashes_of, local_files
from likeness.runs.record.data_files import listed_as
from likeness.runs.record.recording import Recording
from likeness.tasks.detection import DetectionTask


class DetectionRecipe:
    """Train a detector on some images, validate it on others, and measure it on those that are in neither."""

    family = DETECTION

    def __init__(self, config: DetectionConfig) -> None:
        self._config = config

    @cached_property
    def _splits(self) -> ReadableSplits:
        return build_data(self._config)

    @cached_property
    def _untrained(self) -> nn.Module:
        """The network as the seed, or weights to begin with, make it: built once, then copied."""
        return build_network(self._config, self._splits)

    @property
    def fingerprints(self) -> dict[str, Any]:
        """By what the images of each split, and weights to begin with, are recognised."""
        train, *extra = self._splits.train
        parts = {"train": train, "validation": self._splits.validation, "test": self._splits.test}
        found: dict[str, Any] = {name: part.fingerprint() for name, part in parts.items() if part is not None}
        for part in extra:
            found["extra"] = part.fingerprint()
        return {**found, **hashes_of(self._weights)}

    @property
    def files(self) -> Sequence[Files]:
        """The images' files, and those of weights to begin with."""
        config, (train, *extra) = self._config, self._splits.train
        tested_on = config.test_data or config.data
        files = [
            *listed_as(config.data, [train.files()]),
            *listed_as(tested_on, [self._splits.test.files()]),
        ]
        if self._splits.validation is not None:
            files += listed_as(config.data, [self._splits.validation.files()])
        if config.extra_data is not None:
            files += listed_as(config.extra_data, [part.files() for part in extra])
        return [*files, *self._weights.values()]

    @property
    def _weights(self) -> dict[str, Files]:
        return local_files({"weights": self._config.detector.weights})

    def refuse(self) -> None:
        """Raise a LikenessError for images in two splits, or a network that its configuration doesn't fit."""
        refuse_shared_images(self._splits)
        build_datamodule(self._config, self._splits)
        build_task(self._config, self._untrained)

    def data(self) -> SceneDataModule:
        """Squares of scenes."""
        return build_datamodule(self._config, self._splits)

    def task(self) -> DetectionTask[Any]:
        """The task at step 0."""
        task = build_task(self._config, deepcopy(self._untrained))
        if self._config.channels_last:
            task.network.to(memory_format=torch.channels_last)
        if self._config.compile:
            task.network.compile()
        return task

    def callbacks(self, folder: Path) -> Sequence[pl.Callback]:
        """None."""
        return ()

    def conclude(self, run: Recording) -> None:
        """Measure the trained detector on images that it has not seen, and draw what it finds."""
        conclude(run, self._config, self._splits)
