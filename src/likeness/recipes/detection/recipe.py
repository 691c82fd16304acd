"""A run that trains a detector of faces."""

from collections.abc import Sequence
from copy import deepcopy
from functools import cached_property
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from torch import nn

from likeness.config.schema.detection import DetectionConfig
from likeness.data.fingerprint import Files
from likeness.data.scene_batches import SceneDataModule
from likeness.recipes.detection.build import build_network, build_task
from likeness.recipes.detection.family import DETECTION
from likeness.recipes.detection.inputs import SceneInputs
from likeness.recipes.detection.results import conclude
from likeness.recipes.named_file import local_files
from likeness.recipes.network_layout import lay_out, refuse_uncompilable
from likeness.runs.record.recording import Recording
from likeness.tasks.detection import DetectionTask


class DetectionRecipe:
    """Train a detector on some images, validate it on others, and measure it on those that are in neither."""

    family = DETECTION

    def __init__(self, config: DetectionConfig) -> None:
        self._config = config

    @cached_property
    def _inputs(self) -> SceneInputs:
        return SceneInputs(self._config, local_files({"weights": self._config.detector.weights}))

    @cached_property
    def _untrained(self) -> nn.Module:
        """The network as the seed, or weights to begin with, make it: built once, then copied."""
        return build_network(self._config, self._inputs)

    @property
    def fingerprints(self) -> dict[str, Any]:
        """By what the images of each split, and weights to begin with, are recognised."""
        return self._inputs.fingerprints

    @property
    def files(self) -> Sequence[Files]:
        """The images' files, and those of weights to begin with."""
        return self._inputs.files

    def refuse(self) -> None:
        """Raise a LikenessError for images in two splits, or a network that its configuration doesn't fit."""
        refuse_uncompilable(self._config)
        self._inputs.refuse()
        build_task(self._config, self._untrained)

    def data(self) -> SceneDataModule:
        """Squares of scenes."""
        return self._inputs.batches()

    def task(self) -> DetectionTask[Any]:
        """The task at step 0."""
        task = build_task(self._config, deepcopy(self._untrained))
        lay_out(task.network, self._config)
        return task

    def callbacks(self, folder: Path) -> Sequence[pl.Callback]:
        """None."""
        return ()

    def conclude(self, run: Recording) -> None:
        """Measure the trained detector on images that it has not seen, and draw what it finds."""
        conclude(run, self._config, self._inputs.splits)
