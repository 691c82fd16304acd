"""A run that trains the pixels of an image."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from likeness.config.schema.pixels import PixelsConfig
from likeness.data.fingerprint import Files
from likeness.data.style.datamodule import StyleDataModule
from likeness.data.style.style_pictures import StyleImages
from likeness.losses.style import StyleObjective
from likeness.models.features import FeatureNetwork
from likeness.recipes.named_file import hashes_of, local_files
from likeness.recipes.network_layout import refuse_uncompilable
from likeness.recipes.pixels.build import build_images, build_network, build_objective, build_style_task
from likeness.recipes.pixels.family import PIXELS
from likeness.recipes.pixels.image import Previews
from likeness.recipes.pixels.results import conclude
from likeness.runs.record.data_files import listed_as
from likeness.runs.record.recording import Recording
from likeness.tasks.style import StyleTask


class PixelsRecipe:
    """Train an image towards the content of one image and the style of others."""

    family = PIXELS

    def __init__(self, config: PixelsConfig) -> None:
        self._config = config

    @cached_property
    def _images(self) -> StyleImages:
        return build_images(self._config)

    @cached_property
    def _objective(self) -> StyleObjective:
        return build_objective(self._config)

    @cached_property
    def _network(self) -> FeatureNetwork:
        """The network whose features are compared: frozen, so that it is built once for all that use it."""
        return build_network(self._config, self._objective.layers)

    @property
    def fingerprints(self) -> dict[str, Any]:
        """By what the images, the network's weights, and an image to start from are recognised."""
        return {**self._images.fingerprint(), **hashes_of(self._others)}

    @property
    def files(self) -> Sequence[Files]:
        """The images' files, those of the weights, and of an image to start from."""
        return [*listed_as(self._config.data, self._images.files()), *self._others.values()]

    @property
    def _others(self) -> dict[str, Files]:
        """By their part in the run, files that are neither content, style nor mask."""
        return local_files({"weights": self._config.backbone.weights, "start": self._config.task.start})

    def refuse(self) -> None:
        """Raise a LikenessError for a network or an objective that its configuration doesn't fit."""
        refuse_uncompilable(self._config)
        self.task()

    def data(self) -> StyleDataModule:
        """The content and the styles at the size of each step."""
        return StyleDataModule(self._images, channels_last=self._config.channels_last)

    def task(self) -> StyleTask:
        """The task at step 0."""
        return build_style_task(self._config, self._images, self._objective, self._network)

    def callbacks(self, folder: Path) -> Sequence[pl.Callback]:
        """Previews of the image on the way."""
        return [Previews(folder, self._images, every=self._config.task.preview_every)]

    def conclude(self, run: Recording) -> None:
        """Write the image, and what it costs beside the image that it began as."""
        conclude(run, self._config, self._images, self.task())
