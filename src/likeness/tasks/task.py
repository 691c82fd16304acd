"""What every task shares: an optimizer, its schedule by steps, and what a progress bar shows."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, NamedTuple

import pytorch_lightning as pl
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from likeness.tasks.optimizers.groups import trained_parameters

OptimizerFactory = Callable[[Iterable[nn.Parameter]], Optimizer]
SchedulerFactory = Callable[[Optimizer], LRScheduler]


class Watched(NamedTuple):
    """A metric that a progress bar shows: its label, its name, and how its value is written."""

    label: str
    metric: str
    format: str


class Task(pl.LightningModule):
    """What is trained, and by which optimizer; how is a subclass's.

    `watched` are the metrics that a progress bar shows. `grouped` makes of the task what its optimizer is handed: the
    parameters that are trained, or groups of them.
    """

    watched: ClassVar[tuple[Watched, ...]]

    def __init__(self, optimizer: OptimizerFactory, scheduler: SchedulerFactory | None) -> None:
        super().__init__()
        self.make_optimizer = optimizer
        self.make_scheduler = scheduler
        self.grouped: Callable[[nn.Module], Any] = trained_parameters

    def configure_optimizers(self) -> Any:
        """The optimizer over the parameters that are trained, and its schedule by steps, where it has one."""
        optimizer = self.make_optimizer(self.grouped(self))
        if self.make_scheduler is None:
            return {"optimizer": optimizer}
        scheduler = self.make_scheduler(optimizer)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}
