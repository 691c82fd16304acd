"""The DataModule of every task that trains on labelled images."""

from collections.abc import Sequence

from torch.utils.data import DataLoader

from likeness.data.as_float import as_float
from likeness.data.augment import KeyedAugment
from likeness.data.batch import Batch
from likeness.data.loading import ordered_loader, training_loader
from likeness.data.run_data import RunData
from likeness.data.sampler import IdentityBalancedBatches
from likeness.data.skipping import SkippingUnreadable


class IdentityDataModule(RunData):
    """Identity-balanced training batches from any step on, and the validation images in order.

    Args:
        train: the images to learn from.
        validation: the images to watch, or None.
        identities: P, the identities in a global batch.
        images: K, the images of each.
        within_group: the share of the batches whose identities are of one group.
        augment: what is done to a training image, by its key.
        seed: the seed of the schedule.
        eval_batch_size: images in a validation batch.
        workers: loader processes.
        pin_memory: whether batches are put into pinned memory for a GPU.
        channels_last: whether batches of images and volumes have the channels last in memory.
        watched: the indices of the validation images that are watched, in order; None: all.
    """

    def __init__(
        self,
        train: SkippingUnreadable,
        validation: SkippingUnreadable | None,
        *,
        identities: int,
        images: int,
        within_group: float,
        augment: KeyedAugment,
        seed: int,
        eval_batch_size: int,
        workers: int,
        pin_memory: bool,
        channels_last: bool,
        watched: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        self.train, self.validation = train, validation
        self.identities, self.images, self.seed = identities, images, seed
        self.within_group = within_group
        self.augment = augment
        self.eval_batch_size, self.watched = eval_batch_size, watched
        self.workers, self.pin_memory, self.channels_last = workers, pin_memory, channels_last

    def schedule(self, *, rank: int = 0, world_size: int = 1) -> IdentityBalancedBatches:
        """The batches of a rank; raises `ValueError` where the images can't fill them."""
        grouping = self.train.grouping
        return IdentityBalancedBatches(
            self.train.identity,
            identities=self.identities,
            images=self.images,
            seed=self.seed,
            rank=rank,
            world_size=world_size,
            group=None if grouping is None else grouping.group,
            within_group=self.within_group,
        )

    @property
    def validated(self) -> bool:
        """Whether there are validation images."""
        return self.validation is not None

    @property
    def batches_an_epoch(self) -> int:
        """Those that the images of all identities fill."""
        return len(self.schedule())

    @property
    def unreadable(self) -> set[str]:
        """The names of the images that this process and its loader workers could not read until now."""
        return {
            name for part in (self.train, self.validation) if part is not None for name in part.unreadable
        }

    def train_dataloader(self) -> DataLoader[Batch]:
        """The training batches from the trainer's step on."""
        trainer = self.trainer
        assert trainer is not None
        return training_loader(
            self.train,
            self.schedule(rank=trainer.global_rank, world_size=trainer.world_size),
            self.augment,
            start=trainer.global_step * trainer.accumulate_grad_batches,
            workers=self.workers,
            pin_memory=self.pin_memory,
        )

    def val_dataloader(self) -> DataLoader[Batch] | list[DataLoader[Batch]]:
        """The validation images in order, of which each rank gets its share of the batches."""
        if self.validation is None:
            return []
        trainer = self.trainer
        assert trainer is not None
        return ordered_loader(
            self.validation,
            range(len(self.validation)) if self.watched is None else self.watched,
            batch_size=self.eval_batch_size,
            workers=self.workers,
            rank=trainer.global_rank,
            world_size=trainer.world_size,
        )

    def on_after_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:
        """The batch with its images as floats: bytes in [0, 1]."""
        return batch._replace(images=as_float(batch.images, channels_last=self.channels_last))
