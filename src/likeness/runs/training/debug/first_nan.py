"""The first step at which something is not a number, and where in the network."""

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from likeness.errors import LikenessError, one_line

_ANOMALY = "returned nan values"  # how torch's anomaly detection says it


class FirstNaN(pl.Callback):
    """Look at the output of each layer, at each gradient, and at each weight after a step.

    What is found first ends the run with one sentence; each look waits for the device, so that it takes its time.

    Raises:
        LikenessError: something is not finite.
    """

    def __init__(self) -> None:
        self.hooks: list[RemovableHandle] = []

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Watch the layers."""
        for name, module in pl_module.named_modules():
            if not any(True for _ in module.children()):
                self.hooks.append(module.register_forward_hook(_watching(trainer, name)))

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Look at the batch."""
        images = getattr(batch, "images", None)
        if isinstance(images, Tensor) and not _finite(images):
            said = "the batch's images are not numbers: look at the data and the augmentations"
            raise _found(trainer.global_step + 1, said)

    def on_after_backward(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Look at the gradients, but in 16-mixed, where the scale of the loss makes them overflow now and then."""
        if trainer.precision == "16-mixed":
            return
        for name, parameter in pl_module.named_parameters():
            if parameter.grad is not None and not _finite(parameter.grad):
                said = f"the gradient of {name} is not a number, though the loss is one"
                raise _found(trainer.global_step + 1, said)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Look at the weights."""
        for name, parameter in pl_module.named_parameters():
            if not _finite(parameter):
                said = f"the optimizer made {name} no number, though its gradient is one"
                raise _found(trainer.global_step, said)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Watch no longer."""
        self._remove()

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        """Say what torch's anomaly detection found within the backward pass."""
        self._remove()
        if isinstance(exception, RuntimeError) and _ANOMALY in str(exception):
            said = one_line(exception).rstrip(".")
            said = f"in the backward pass {said}; the traceback above is of its forward pass"
            raise _found(trainer.global_step + 1, said)

    def _remove(self) -> None:
        for hook in self.hooks:
            hook.remove()
        self.hooks = []


def _watching(trainer: pl.Trainer, name: str) -> Any:
    def look(module: nn.Module, given: tuple[Any, ...], output: Any) -> None:
        if not trainer.training or not isinstance(output, Tensor) or _finite(output):
            return
        kind, whose = type(module).__name__, name or "the task"
        if all(_finite(one) for one in given if isinstance(one, Tensor)):
            raise _found(trainer.global_step + 1, f"{whose}, a {kind}, makes what is not a number of numbers")
        raise _found(trainer.global_step + 1, f"{whose}, a {kind}, was given what is not a number")

    return look


def _finite(values: Tensor) -> bool:
    return not values.is_floating_point() or bool(torch.isfinite(values).all())


def _found(step: int, said: str) -> LikenessError:
    return LikenessError(f"debug=anomaly: at step {step} {said}.")
