"""What a run asks of its batches, besides them."""

from abc import abstractmethod

import pytorch_lightning as pl


class RunData(pl.LightningDataModule):
    """The batches of a run, from the trainer's step on."""

    @property
    @abstractmethod
    def validated(self) -> bool:
        """Whether there is something to validate on."""

    @property
    def batches_an_epoch(self) -> int | None:
        """In how many batches every sample comes about once; None where that means nothing."""
        return None

    @property
    @abstractmethod
    def unreadable(self) -> set[str]:
        """The names of the images that this process and its loader workers could not read until now."""
