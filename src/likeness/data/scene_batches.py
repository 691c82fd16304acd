"""The batches that a detector is trained and validated on: each a pure function of the seed and the step."""

from collections.abc import Sequence
from copy import copy
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from likeness.data.augment import KeyedAugment
from likeness.data.faces import Faces, Scene, within_image
from likeness.data.loader_worker import outlive_signals
from likeness.data.readable_scenes import ReadableScenes
from likeness.data.run_data import RunData
from likeness.data.scene_crops import Crop, mirrored
from likeness.data.steps import StepsFrom
from likeness.randomness import generator


class SceneBatch(NamedTuple):
    """Squares to train on, uint8 `[B, 3, side, side]`, and the faces of each."""

    images: Tensor
    faces: list[Faces]


class SceneBatches(Dataset[SceneBatch]):
    """The batches by step: squares of scenes, their boxes cut at the image's border, half of them mirrored.

    Every image of a source comes once in a pass over it, in another order in each pass; of several sources each has
    the same share of a batch.

    Args:
        sources: the images.
        crop: from an image to a square.
        augment: what changes a square's colours, keyed by its step and place.
        batch_size: squares in a batch, over all devices.
        seed: of the orders and the draws.

    Raises:
        ValueError: the sources can't share a batch.
    """

    def __init__(
        self,
        sources: Sequence[ReadableScenes],
        crop: Crop,
        augment: KeyedAugment,
        *,
        batch_size: int,
        seed: int,
    ) -> None:
        _refuse_share(batch_size, len(sources), "sources of scenes")
        self.sources, self.crop, self.augment = list(sources), crop, augment
        self.batch_size, self.seed, self.places = batch_size, seed, range(batch_size)

    def of_rank(self, rank: int, world_size: int) -> "SceneBatches":
        """What one of `world_size` devices gets of each batch; raises ValueError where they can't share it."""
        _refuse_share(self.batch_size, world_size, "devices")
        own, size = copy(self), self.batch_size // world_size
        own.places = range(rank * size, (rank + 1) * size)
        return own

    def __getitem__(self, step: int) -> SceneBatch:
        squares = [self._square(step * self.batch_size + place) for place in self.places]
        return SceneBatch(torch.stack([square.image for square in squares]), [each.faces for each in squares])

    def _square(self, number: int) -> Scene:
        """The square of a number, counted through all batches."""
        turn, source = divmod(number, len(self.sources))
        scenes = self.sources[source]
        visit, at = divmod(turn, len(scenes))
        draw = generator("square", self.seed, number)
        index = int(_order(source, self.seed, visit, len(scenes))[at])
        square = self.crop(within_image(scenes.load_good(index)), draw)
        if draw.integers(2):
            square = mirrored(square)
        return square._replace(image=self.augment(square.image, source, number))


def _refuse_share(batch_size: int, number: int, what: str) -> None:
    if batch_size % number:
        raise ValueError(
            f"batch_size={batch_size} can't be shared by {number} {what}; make it a multiple of their number."
        )


@lru_cache(maxsize=4)
def _order(source: int, seed: int, visit: int, length: int) -> NDArray[np.int64]:
    """The order of the images of a source in a pass over them, `[length]`."""
    return generator("order of scenes", source, seed, visit).permutation(length)


class _Whole(Dataset[Scene | None]):
    """Scenes as they are; None for an unreadable one."""

    def __init__(self, scenes: ReadableScenes) -> None:
        self.scenes = scenes

    def __len__(self) -> int:
        return len(self.scenes)

    def __getitem__(self, index: int) -> Scene | None:
        return self.scenes.load_or_none(index)


class SceneDataModule(RunData):
    """Squares to train on, from the trainer's step on, and whole scenes to validate.

    Args:
        batches: the squares.
        validation: the scenes to validate on, or None.
        workers: loader processes.
        pin_memory: whether batches are put into pinned memory for a GPU.
    """

    def __init__(
        self, batches: SceneBatches, validation: ReadableScenes | None, *, workers: int, pin_memory: bool
    ) -> None:
        super().__init__()
        self.batches, self.validation = batches, validation
        self.workers, self.pin_memory = workers, pin_memory

    @property
    def validated(self) -> bool:
        """Whether there are scenes to validate on."""
        return self.validation is not None

    @property
    def batches_an_epoch(self) -> int:
        """Those that the first source's images fill, with as many of each other."""
        first, *others = self.batches.sources
        return max(1, len(first) * (1 + len(others)) // self.batches.batch_size)

    @property
    def unreadable(self) -> set[str]:
        """The names of the images that this process and its loader workers could not read until now."""
        parts = [*self.batches.sources, *([self.validation] if self.validation is not None else [])]
        return {name for part in parts for name in part.unreadable}

    def train_dataloader(self) -> DataLoader[SceneBatch]:
        """The squares of the trainer's step and of all after it; each device gets its share of a batch."""
        trainer = self.trainer
        assert trainer is not None
        return DataLoader(
            self.batches.of_rank(trainer.global_rank, trainer.world_size),
            sampler=StepsFrom(trainer.global_step * trainer.accumulate_grad_batches),
            batch_size=None,
            num_workers=self.workers,
            worker_init_fn=outlive_signals,
            pin_memory=self.pin_memory,
            persistent_workers=self.workers > 0,
        )

    def val_dataloader(self) -> DataLoader[Scene | None] | list[DataLoader[Scene | None]]:
        """The scenes to validate on, one at a time, of which each device gets its share."""
        if self.validation is None:
            return []
        trainer = self.trainer
        assert trainer is not None
        indices = range(trainer.global_rank, len(self.validation), trainer.world_size)
        return DataLoader(_Whole(self.validation), sampler=list(indices), batch_size=None)
