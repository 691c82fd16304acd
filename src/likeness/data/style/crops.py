"""Random crops of contents and styles: each a pure function of the seed, the step, and its place in the batch."""

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from likeness.data.as_float import as_float
from likeness.data.loader_worker import outlive_signals
from likeness.data.run_data import RunData
from likeness.data.skipping import SkippingUnreadable
from likeness.data.steps import StepsFrom
from likeness.data.style.batch import CropBatch
from likeness.data.style.style_folders import StyleFolders
from likeness.randomness import generator


class CropDataModule(RunData):
    """Random crops of contents and of styles, from the trainer's step on; nothing to validate.

    Every image comes once in a pass over those of its kind, in another order in each pass.

    Args:
        source: the images.
        seed: of the orders, the crops and the flips.
        workers: loader processes.
        pin_memory: whether batches are put into pinned memory for a GPU.
        channels_last: whether crops have the channels last in memory.
    """

    validated = False

    def __init__(
        self, source: StyleFolders, *, seed: int, workers: int, pin_memory: bool, channels_last: bool
    ) -> None:
        super().__init__()
        self.source, self.seed = source, seed
        self.workers, self.pin_memory, self.channels_last = workers, pin_memory, channels_last

    @property
    def batches_an_epoch(self) -> int:
        """Those that all contents fill."""
        return max(1, len(self.source.contents.train) // self.source.batch_size)

    @property
    def unreadable(self) -> set[str]:
        """The names of the images that this process and its loader workers could not read until now."""
        kinds = (self.source.contents, self.source.styles)
        return {name for kind in kinds for part in kind for name in part.unreadable}

    def train_dataloader(self) -> DataLoader[CropBatch]:
        """The crops of the trainer's step and of all after it; each device gets its share of a batch.

        Raises:
            ValueError: the devices can't share a batch.
        """
        trainer = self.trainer
        assert trainer is not None
        return DataLoader(
            Crops(self.source, seed=self.seed, rank=trainer.global_rank, world_size=trainer.world_size),
            sampler=StepsFrom(trainer.global_step * trainer.accumulate_grad_batches),
            batch_size=None,
            num_workers=self.workers,
            worker_init_fn=outlive_signals,
            pin_memory=self.pin_memory,
            persistent_workers=self.workers > 0,
        )

    def on_after_batch_transfer(self, batch: CropBatch, dataloader_idx: int) -> CropBatch:
        """The batch with its crops as floats in [0, 1]."""
        return CropBatch(*(as_float(crops, channels_last=self.channels_last) for crops in batch))


class Crops(Dataset[CropBatch]):
    """The batches of a device by step.

    Raises:
        ValueError: the devices can't share a batch.
    """

    def __init__(self, source: StyleFolders, *, seed: int, rank: int = 0, world_size: int = 1) -> None:
        if source.batch_size % world_size:
            raise ValueError(
                f"batch_size={source.batch_size} can't be shared by {world_size} devices; make it a multiple of "
                "their number."
            )
        own = source.batch_size // world_size
        self.source, self.seed, self.places = source, seed, range(rank * own, (rank + 1) * own)

    def __getitem__(self, step: int) -> CropBatch:
        contents, styles = self.source.contents.train, self.source.styles.train
        return CropBatch(self._crops("content", contents, step), self._crops("style", styles, step))

    def _crops(self, kind: str, images: SkippingUnreadable, step: int) -> Tensor:
        """`[B, 3, c, c]`."""
        passes = [divmod(step * self.source.batch_size + place, len(images)) for place in self.places]
        indices = [int(_order(kind, self.seed, number, len(images))[at]) for number, at in passes]
        loaded = zip(images.load(indices), self.places, strict=True)
        return torch.stack([self._crop(image, kind, step, place) for image, place in loaded])

    def _crop(self, image: Tensor, kind: str, step: int, place: int) -> Tensor:
        """A square of `image`, mirrored in every second case."""
        draw, side = generator("crop", kind, self.seed, step, place), self.source.crop
        top, left = (int(draw.integers(length - side + 1)) for length in image.shape[1:])
        square = image[:, top : top + side, left : left + side]
        return square.flip(2) if draw.integers(2) else square


@lru_cache(maxsize=4)
def _order(kind: str, seed: int, number: int, length: int) -> NDArray[np.int64]:
    """The order of the images of a kind in a pass over them, `[length]`."""
    return generator("order", kind, seed, number).permutation(length)
