"""From images to batches: the training loader, which may start at any step, and plain passes over images."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from likeness.data.augment import KeyedAugment
from likeness.data.batch import Batch
from likeness.data.images import Images
from likeness.data.loader_worker import outlive_signals
from likeness.data.sampler import Draw, IdentityBalancedBatches
from likeness.data.skipping import SkippingUnreadable


class _Drawn(Dataset[Batch]):
    """Training images by draw: loaded, augmented by their key, and put together."""

    def __init__(self, samples: SkippingUnreadable, augment: KeyedAugment) -> None:
        self.samples = samples
        self.augment = augment

    def __len__(self) -> int:
        return len(self.samples)

    def __getitems__(self, draws: Sequence[Draw]) -> Batch:
        indices, loaded = self.samples.load_good([draw.index for draw in draws])
        augmented = [
            self.augment(sample, draw.epoch, draw.index) for sample, draw in zip(loaded, draws, strict=True)
        ]
        return _batch(self.samples, indices, augmented)


class _Readable(Dataset[Batch]):
    """Images by index, as they are; unreadable ones are left out."""

    def __init__(self, samples: SkippingUnreadable) -> None:
        self.samples = samples

    def __len__(self) -> int:
        return len(self.samples)

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        loaded = zip(indices, self.samples.load_or_none(indices), strict=True)
        readable = {index: sample for index, sample in loaded if sample is not None}
        return _batch(self.samples, list(readable), list(readable.values()))


def _batch(samples: Images, indices: list[int], loaded: list[Tensor]) -> Batch:
    images = torch.stack(loaded) if loaded else torch.empty(0, dtype=torch.uint8)
    index = torch.tensor(indices, dtype=torch.int64)
    return Batch(images, torch.from_numpy(samples.identity[index.numpy()]), index)


class _Steps(Sampler[list[Draw]]):
    """One endless pass: step s is batch `s mod length` of epoch `s div length`, from any `start`."""

    def __init__(self, schedule: IdentityBalancedBatches, start: int) -> None:
        self.schedule = schedule
        self.start = start

    def __iter__(self) -> Iterator[list[Draw]]:
        epoch, batch = divmod(self.start, len(self.schedule))
        while True:
            self.schedule.set_epoch(epoch, start=batch)
            yield from self.schedule
            epoch, batch = epoch + 1, 0


def training_loader(
    samples: SkippingUnreadable,
    schedule: IdentityBalancedBatches,
    augment: KeyedAugment,
    *,
    start: int,
    workers: int,
    pin_memory: bool,
) -> DataLoader[Batch]:
    """An endless loader of the batches that `schedule` plans, from step `start` on."""
    return DataLoader(
        _Drawn(samples, augment),
        batch_sampler=_Steps(schedule, start),
        collate_fn=_as_it_is,
        num_workers=workers,
        worker_init_fn=outlive_signals,
        pin_memory=pin_memory,
        persistent_workers=workers > 0,
    )


def ordered_loader(
    samples: SkippingUnreadable,
    indices: Sequence[int],
    *,
    batch_size: int,
    workers: int,
    rank: int = 0,
    world_size: int = 1,
) -> DataLoader[Batch]:
    """The images at `indices`, in order, as they are; a batch lacks those that are unreadable.

    Of several ranks each gets every `world_size`-th batch from its own on, so that all of them together get each
    image once. All get equally many batches, of which the last may be empty: a batch can be a meeting of the ranks.
    """
    starts = range(rank * batch_size, len(indices), world_size * batch_size)
    batches = [list(indices[start : start + batch_size]) for start in starts]
    rounds = -(-len(indices) // (batch_size * world_size))
    return DataLoader(
        _Readable(samples),
        batch_sampler=batches + [[]] * (rounds - len(batches)),
        collate_fn=_as_it_is,
        num_workers=workers,
        worker_init_fn=outlive_signals,
    )


def _as_it_is(batch: Any) -> Batch:
    """What `__getitems__` gave is a batch already."""
    whole: Batch = batch
    return whole
