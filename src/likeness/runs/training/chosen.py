"""The callbacks that a configuration chooses."""

from collections.abc import Mapping
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import EarlyStopping
from pytorch_lightning.callbacks.early_stopping import EarlyStoppingReason

from likeness.config.make import make
from likeness.config.schema.callbacks import Monitoring
from likeness.config.schema.runs import TrainConfig
from likeness.errors import LikenessError
from likeness.runs.recipe import Recipe
from likeness.runs.training.callbacks import callbacks_of
from likeness.runs.training.unfreezing import Unfreezing


def chosen_callbacks(config: TrainConfig) -> list[pl.Callback]:
    """Those of `callbacks`, made anew, in their order.

    Raises:
        LikenessError: one refuses its values.
    """
    return [make(node) for node in config.callbacks.values() if node is not None]


def refuse_callbacks(config: TrainConfig, recipe: Recipe) -> None:
    """Raise a LikenessError for callbacks that don't go with what is trained, and can't be made."""
    for callback in chosen_callbacks(config):
        if not isinstance(callback, pl.Callback):
            raise LikenessError(
                f"callbacks names {type(callback).__qualname__}, which is no callback; derive it from "
                "pytorch_lightning.Callback."
            )
        if isinstance(callback, Unfreezing):
            if config.trainer.processes > 1:
                raise LikenessError(
                    "callbacks=unfreezing needs trainer.devices=1 and trainer.num_nodes=1: the processes of several "
                    "devices agree at the start on what has a gradient."
                )
            callback.refuse(recipe.task())


def refuse_monitoring(config: TrainConfig) -> None:
    """Raise a LikenessError where something looks at a validation, and there is nothing to validate on."""
    places = {
        "checkpoint": config.checkpoint,
        **{f"callbacks.{name}": one for name, one in config.callbacks.items()},
    }
    for place, node in places.items():
        if isinstance(node, Monitoring):
            raise LikenessError(
                f"{place} looks at {node.monitor}, and these data leave nothing to validate on: give the second share "
                "of data.split something, or leave it out."
            )


def stopped_early(callbacks: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether the states of a checkpoint's callbacks say that the training was stopped, and is over."""
    stopping = [state for key, state in callbacks.items() if key.startswith(EarlyStopping.__name__)]
    reasons = [state["stopping_reason"] for state in stopping]
    return any(reason != EarlyStoppingReason.NOT_STOPPED.value for reason in reasons)


def said_of_stop(trainer: pl.Trainer) -> str | None:
    """Why early stopping ended a training, in its own words; None where it did not."""
    stopping = [one for one in callbacks_of(trainer) if isinstance(one, EarlyStopping)]
    reasons = [one.stopping_reason_message for one in stopping if one.stopping_reason_message]
    return reasons[0].removesuffix(" Signaling Trainer to stop.") if reasons else None
