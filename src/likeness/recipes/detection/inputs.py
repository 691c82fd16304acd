"""What a run on images with faces reads: its splits, its batches, and by what all of it is recognised later."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from likeness.config.make import make, told
from likeness.config.schema.base import Node
from likeness.config.schema.scenes import SceneConfig
from likeness.data.augment import KeyedAugment
from likeness.data.faces import Scenes, SceneSplits
from likeness.data.fingerprint import Files
from likeness.data.readable_scenes import ReadableScenes
from likeness.data.scene_batches import SceneBatches, SceneDataModule
from likeness.errors import LikenessError
from likeness.recipes.named_file import hashes_of
from likeness.runs.record.data_files import listed_as


class ReadableSplits(NamedTuple):
    """What is trained on, one source or two of equal shares; what is validated on; and what is measured on."""

    train: list[ReadableScenes]
    validation: ReadableScenes | None
    test: ReadableScenes


class SceneInputs:
    """The images of a configuration; none is read before it is asked for.

    Args:
        config: of the run.
        weights: files of weights to begin with, by their part in the run.
    """

    def __init__(self, config: SceneConfig, weights: Mapping[str, Files]) -> None:
        self._config, self._weights = config, weights

    @cached_property
    def splits(self) -> ReadableSplits:
        """The images.

        Raises:
            LikenessError: data that are not there, or nothing to train or to test on.
        """
        return _readable(self._config)

    @property
    def fingerprints(self) -> dict[str, Any]:
        """By what the images of each split, and weights to begin with, are recognised."""
        train, *extra = self.splits.train
        parts = {"train": train, "validation": self.splits.validation, "test": self.splits.test}
        found: dict[str, Any] = {name: part.fingerprint() for name, part in parts.items() if part is not None}
        for part in extra:
            found["extra"] = part.fingerprint()
        return {**found, **hashes_of(self._weights)}

    @property
    def files(self) -> Sequence[Files]:
        """The images' files, and those of weights to begin with."""
        config, (train, *extra) = self._config, self.splits.train
        tested_on = config.test_data or config.data
        files = [
            *listed_as(config.data, [train.files()]),
            *listed_as(tested_on, [self.splits.test.files()]),
        ]
        if self.splits.validation is not None:
            files += listed_as(config.data, [self.splits.validation.files()])
        if config.extra_data is not None:
            files += listed_as(config.extra_data, [part.files() for part in extra])
        return [*files, *self._weights.values()]

    def refuse(self) -> None:
        """Raise a LikenessError for an image of two splits, or batches that can't be shared."""
        _refuse_shared_images(self.splits)
        self.batches()

    def batches(self) -> SceneDataModule:
        """Squares of the images.

        Raises:
            LikenessError: they can't be shared by the devices or the sources.
        """
        return _datamodule(self._config, self.splits)


def _readable(config: SceneConfig) -> ReadableSplits:
    """The images of a configuration; none is read yet.

    Raises:
        LikenessError: data that are not there, or nothing to train or to test on.
    """
    own: SceneSplits = make(config.data)
    extra: SceneSplits | None = make(config.extra_data) if config.extra_data else None
    other: SceneSplits | None = make(config.test_data) if config.test_data else None
    train = [_kept(own.train, config.data, config)]
    if extra is not None and config.extra_data is not None:
        train.append(_kept(extra.train, config.extra_data, config))
    test = (other or own).test
    if test is None:
        raise LikenessError(
            f"{(config.test_data or config.data).place} has no images to test on; give its split a share for the test, "
            "or test on other data, as in data@test_data=drawn_scenes."
        )
    validation = None if own.validation is None else ReadableScenes(own.validation)
    return ReadableSplits(train, validation, ReadableScenes(test))


def _refuse_shared_images(splits: ReadableSplits) -> None:
    """Raise a LikenessError for a file of two splits."""
    trained = set().union(*map(_paths, splits.train))
    tested = _paths(splits.test)
    validated = set() if splits.validation is None else _paths(splits.validation)
    for one, other, what in (
        (trained, tested, "trained on and tested on"),
        (validated, tested, "validated on and tested on"),
        (trained, validated, "trained on and validated on"),
    ):
        if shared := sorted(one & other):
            raise LikenessError(
                f"{shared[0]} is both {what}; split data, extra_data and test_data alike, or take others."
            )


def _paths(scenes: ReadableScenes) -> set[Path]:
    """The files of the images; none where they are drawn."""
    root, names, _ = scenes.files()
    return {(root / scenes.name(index)).resolve() for index in range(len(scenes))} if names else set()


def _kept(scenes: Scenes | None, node: Node, config: SceneConfig) -> ReadableScenes:
    if scenes is None:
        raise LikenessError(f"{node.place} has no images to train on; give its split a share for training.")
    return ReadableScenes(scenes, keep=int(2**20 * config.sampler.keep_mib))


def _datamodule(config: SceneConfig, splits: ReadableSplits) -> SceneDataModule:
    """The batches.

    Raises:
        LikenessError: they can't be shared by the devices or the sources.
    """
    transforms = [make(node) for node in config.augment.values() if node is not None]
    with told(config.sampler):
        batches = SceneBatches(
            splits.train,
            make(config.sampler),
            KeyedAugment(transforms, seed=config.seed),
            batch_size=config.sampler.batch_size,
            seed=config.seed,
        )
    return SceneDataModule(
        batches, splits.validation, workers=config.loader.workers, pin_memory=config.loader.pin_memory
    )
