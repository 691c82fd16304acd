"""Parts of a network that are trained from a step on only, as one does with one that begins with weights of its own."""

from collections.abc import Mapping
from typing import Any

import pytorch_lightning as pl
from torch import nn

from likeness.config.nearest import nearest
from likeness.errors import LikenessError


class Unfreezing(pl.Callback):
    """Keep modules as they are, running statistics of normalization too, until so many steps are done.

    What is frozen is a function of the step alone. The optimizer has all parameters from the beginning and passes over
    those without a gradient, so that there is nothing to save. A module within another one that is named has the step
    of its own. What the task itself keeps frozen stays so.

    Args:
        at_step: by the name of a module in the task, such as `embedder.backbone`, the steps after which it is trained.
    """

    def __init__(self, at_step: Mapping[str, int]) -> None:
        self.at_step = dict(at_step)
        self._parameters: dict[str, list[nn.Parameter]] = {}

    def refuse(self, task: pl.LightningModule) -> None:
        """Raise a LikenessError for a module that the task has not, or where nothing is left to train at first."""
        known = dict(task.named_modules())
        for name in self.at_step:
            if not name or name not in known:
                children = [one for one in known if one and one.count(".") <= name.count(".")]
                raise LikenessError(
                    f"callbacks.unfreezing.at_step names {name}, which the task has not: {nearest(name, children)}"
                )
        trained = [name for name, parameter in task.named_parameters() if parameter.requires_grad]
        if all(_innermost(name, self.at_step) is not None for name in trained):
            raise LikenessError(
                "callbacks.unfreezing.at_step freezes all that the task trains, so that its first steps have no "
                "gradient: leave a part out, such as embedder.projection."
            )

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Find the parameters of each part, once the optimizer has them."""
        self._parameters = {name: [] for name in self.at_step}
        for name, parameter in pl_module.named_parameters():
            part = _innermost(name, self.at_step)
            if part is not None and parameter.requires_grad:
                self._parameters[part].append(parameter)

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Freeze and unfreeze what this step has it."""
        for name, parameters in self._parameters.items():
            trained = trainer.global_step >= self.at_step[name]
            for parameter in parameters:
                parameter.requires_grad_(trained)
        for name, module in pl_module.named_modules():
            part = _innermost(name, self.at_step)
            if part is not None and self._parameters[part]:
                module.training = trainer.global_step >= self.at_step[part]


def _innermost(name: str, parts: Mapping[str, int]) -> str | None:
    """The longest of the names of modules that a name lies in."""
    return max((part for part in parts if f"{name}.".startswith(f"{part}.")), key=len, default=None)
