"""How a trial of a sweep ended."""

from typing import NamedTuple

# What Optuna calls it.
STATES = {"finished": "COMPLETE", "pruned": "PRUNED", "failed": "FAIL"}


class Validation(NamedTuple):
    """A value of the pruner's metric, after `step` steps of training."""

    step: int
    value: float


class Outcome(NamedTuple):
    """How a trial ended: its status (a key of `STATES`), its objectives where it finished, its validations."""

    status: str
    values: list[float]
    validations: list[Validation]
