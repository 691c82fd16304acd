"""A run that trains a network which paints images in one pass."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from likeness.config.make import make, told
from likeness.config.schema.stylizer import StylizerConfig
from likeness.data.fingerprint import Files
from likeness.data.style.crops import CropDataModule, Crops
from likeness.data.style.style_folders import StyleFolders
from likeness.recipes.named_file import hashes_of, local_files
from likeness.recipes.network_layout import lay_out, refuse_uncompilable
from likeness.recipes.stylizer.build import build_stylizer_task
from likeness.recipes.stylizer.family import STYLIZER
from likeness.recipes.stylizer.results import conclude
from likeness.recipes.stylizer.shown import shown_images
from likeness.runs.record.data_files import listed_as
from likeness.runs.record.recording import Recording
from likeness.tasks.stylizer import StylizerTask


class StylizerRecipe:
    """Train a stylizer on some contents and styles, and look at what it makes of others."""

    family = STYLIZER

    def __init__(self, config: StylizerConfig) -> None:
        self._config = config

    @cached_property
    def _folders(self) -> StyleFolders:
        folders: StyleFolders = make(self._config.data)
        return folders

    @property
    def fingerprints(self) -> dict[str, Any]:
        """By what contents, styles, and the weights of both networks are recognised."""
        return {**self._folders.fingerprint(), **hashes_of(self._weights)}

    @property
    def files(self) -> Sequence[Files]:
        """The images' files, and those of weights to begin with."""
        return [*listed_as(self._config.data, self._folders.files()), *self._weights.values()]

    @property
    def _weights(self) -> dict[str, Files]:
        return local_files(
            {
                "weights": self._config.backbone.weights,
                "stylizer": self._config.stylizer.weights,
            }
        )

    def refuse(self) -> None:
        """Raise a LikenessError for unreadable test images, or networks that the configuration doesn't fit."""
        refuse_uncompilable(self._config)
        shown_images(self._folders.contents.test, "data.contents")
        shown_images(self._folders.styles.test, "data.styles")
        with told(self._config.data):
            Crops(self._folders, seed=self._config.seed, world_size=self._config.trainer.processes)
        build_stylizer_task(self._config, self._folders)

    def data(self) -> CropDataModule:
        """Random crops of contents and of styles."""
        config = self._config
        return CropDataModule(
            self._folders,
            seed=config.seed,
            workers=config.loader.workers,
            pin_memory=config.loader.pin_memory,
            channels_last=config.channels_last,
        )

    def task(self) -> StylizerTask:
        """The task at step 0."""
        task = build_stylizer_task(self._config, self._folders)
        lay_out(task.stylizer, self._config)
        return task

    def callbacks(self, folder: Path) -> Sequence[pl.Callback]:
        """None."""
        return ()

    def conclude(self, run: Recording) -> None:
        """Measure the trained stylizer on images kept for that, and draw what it makes of some."""
        conclude(run, self._config, self._folders)
