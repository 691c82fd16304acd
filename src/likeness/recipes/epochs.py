"""Lengths that are given in epochs, in the steps and batches that everything else counts in."""

from collections.abc import Callable, Sequence
from math import inf
from typing import Any

from omegaconf import DictConfig

from likeness.config.overrides import parsed, touches
from likeness.config.schema.runs import TrainConfig
from likeness.errors import LikenessError
from likeness.runs.recipe import Recipe

_MANY = 10**6  # batches, of an epoch whose data nobody has looked at yet


def in_steps(
    config: DictConfig,
    overrides: Sequence[str],
    checked: Callable[[DictConfig], TrainConfig],
    recipe_of: Callable[[TrainConfig], Recipe],
) -> DictConfig:
    """A composed configuration with `trainer.max_steps` in place of `max_epochs`, and its validations batches apart.

    Only where something is given in epochs are the data looked at.

    Args:
        config: as it was composed.
        overrides: those on the command line.
        checked: checks a composed configuration.
        recipe_of: what knows the data of a checked one.

    Raises:
        LikenessError: both lengths are given, a validation comes after no share of an epoch, or the run knows no
            epochs; or what `checked` and the data raise.
    """
    trainer: Any = config.get("trainer") or {}
    epochs, interval = trainer.get("max_epochs"), trainer.get("val_check_interval")
    if epochs is not None:
        _refuse_steps_too(epochs, overrides)
    if isinstance(interval, float) and not 0 < interval < inf:
        raise LikenessError(
            f"trainer.val_check_interval={interval} is no share of an epoch: set one above 0, or a number of batches."
        )
    countable = (
        isinstance(trainer.get("accumulate_grad_batches"), int) and trainer.accumulate_grad_batches > 0
    )
    if not countable or (not isinstance(epochs, int) and not isinstance(interval, float)):
        return config  # what is no number is left to the check
    data = recipe_of(checked(_with_epochs_of(config, _MANY))).data()
    if data is None or data.batches_an_epoch is None:
        raise LikenessError(
            f"{config.name} has no epochs: set trainer.max_steps, and val_check_interval in batches."
        )
    return _with_epochs_of(config, data.batches_an_epoch)


def _refuse_steps_too(epochs: Any, overrides: Sequence[str]) -> None:
    for one in parsed(overrides):
        if touches(one, "trainer.max_steps"):
            raise LikenessError(
                f"{one.input_line} and trainer.max_epochs={epochs} say two lengths: leave one out, as by "
                "trainer.max_epochs=null."
            )


def _with_epochs_of(config: DictConfig, batches: int) -> DictConfig:
    """The configuration where an epoch has so many batches."""
    own = config.copy()
    trainer, steps = own.trainer, own.trainer.accumulate_grad_batches
    if isinstance(trainer.max_epochs, int) and trainer.max_epochs > 0:
        trainer.max_steps = -(-trainer.max_epochs * batches // steps)
    if isinstance(trainer.val_check_interval, float):
        trainer.val_check_interval = max(1, round(trainer.val_check_interval * batches / steps)) * steps
    return own
