"""Whether a network can learn at all: one batch, again and again, until its loss is near zero."""

import logging
from collections.abc import Iterator
from itertools import repeat
from types import SimpleNamespace
from typing import Any

import pytorch_lightning as pl
from torch.utils.data import IterableDataset

from likeness.data.run_data import RunData

LEARNED = 0.1
"""Of the first loss: below it, the batch counts as learned."""

log = logging.getLogger("likeness")


class OneBatch(RunData):
    """The first batch of a run's data, augmented once, at every step; nothing is validated."""

    def __init__(self, data: RunData) -> None:
        super().__init__()
        self.data = data

    @property
    def validated(self) -> bool:
        """Nothing is."""
        return False

    @property
    def unreadable(self) -> set[str]:
        """Those of the data."""
        return self.data.unreadable

    def train_dataloader(self) -> "_Again":
        """The batch of step 0, wherever the training goes on."""
        trainer = self.trainer
        assert trainer is not None
        at_step_0: Any = SimpleNamespace(
            global_rank=trainer.global_rank,
            world_size=trainer.world_size,
            accumulate_grad_batches=trainer.accumulate_grad_batches,
            global_step=0,
        )
        self.data.trainer = at_step_0
        return _Again(next(iter(self.data.train_dataloader())))

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        """As the data have it."""
        return self.data.on_after_batch_transfer(batch, dataloader_idx)


class _Again(IterableDataset[Any]):
    """One batch without end."""

    def __init__(self, batch: Any) -> None:
        self.batch = batch

    def __iter__(self) -> Iterator[Any]:
        return repeat(self.batch)


class TellLearned(pl.Callback):
    """Say at the end what became of the loss of the one batch."""

    def __init__(self) -> None:
        self.first: float | None = None
        self.last = float("nan")

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Keep the first loss and the last."""
        self.last = float(outputs["loss"])
        if self.first is None:
            self.first = self.last

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Say it."""
        if self.first is None or not trainer.is_global_zero:
            return
        verdict = (
            "it can be learned"
            if self.last <= LEARNED * self.first
            else "it was not learned: look at the loss, at optimizer.lr and at whether gradients reach the weights, "
            "or give it more trainer.max_steps"
        )
        log.info(
            "debug=overfit: the loss of one batch went from %.4g to %.4g in %d steps; %s.",
            self.first,
            self.last,
            trainer.global_step,
            verdict,
        )

    def state_dict(self) -> dict[str, Any]:
        """The first loss, which a run that goes on does not see."""
        return {"first": self.first}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take it up."""
        self.first = state_dict["first"]
