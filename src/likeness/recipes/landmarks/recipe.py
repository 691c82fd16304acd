"""A run that trains a network to place the points of faces."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from likeness.config.schema.landmarks import LandmarksConfig
from likeness.data.fingerprint import Files
from likeness.data.scene_batches import SceneDataModule
from likeness.recipes.detection.inputs import SceneInputs
from likeness.recipes.landmarks.build import build_network, build_task
from likeness.recipes.landmarks.family import LANDMARKS
from likeness.recipes.landmarks.results import conclude
from likeness.recipes.network_layout import lay_out, refuse_uncompilable
from likeness.runs.record.recording import Recording
from likeness.tasks.detection import LandmarksTask


class LandmarksRecipe:
    """Train points on some images, validate them on others, and measure them on those that are in neither."""

    family = LANDMARKS

    def __init__(self, config: LandmarksConfig) -> None:
        self._config = config

    @cached_property
    def _inputs(self) -> SceneInputs:
        return SceneInputs(self._config, {})

    @property
    def fingerprints(self) -> dict[str, Any]:
        """By what the images of each split are recognised."""
        return self._inputs.fingerprints

    @property
    def files(self) -> Sequence[Files]:
        """The images' files."""
        return self._inputs.files

    def refuse(self) -> None:
        """Raise a LikenessError for images in two splits, or an optimizer that its configuration doesn't fit."""
        refuse_uncompilable(self._config)
        self._inputs.refuse()
        self.task()

    def data(self) -> SceneDataModule:
        """Squares of images."""
        return self._inputs.batches()

    def task(self) -> LandmarksTask:
        """The task at step 0."""
        task = build_task(self._config, build_network(self._config))
        lay_out(task.network, self._config)
        return task

    def callbacks(self, folder: Path) -> Sequence[pl.Callback]:
        """None."""
        return ()

    def conclude(self, run: Recording) -> None:
        """Measure the points on images that were not trained on, and draw them."""
        conclude(run, self._config, self._inputs.splits)
