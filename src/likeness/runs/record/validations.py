"""What a run's validations came to, and which of them were best: functions of `metrics.csv` alone.

So they are the same after a kill, when a run goes on, and when somebody looks at it later.
"""

from collections.abc import Iterable, Mapping
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from likeness.errors import LikenessError
from likeness.runs.record.logged import read_metrics


class Validation(NamedTuple):
    """The value of a metric after `step` steps of training."""

    step: int
    value: float


def validations_of(folder: Path, metric: str) -> list[Validation]:
    """The values of a metric that a run logged, in the order of its steps; raises as `read_metrics` does."""
    return [Validation(row.step, row.value) for row in read_metrics(folder) if row.metric == metric]


def best_of(validations: Iterable[Validation], mode: str, count: int) -> list[Validation]:
    """So many of the best, the best first; of equal ones the earlier is better, and what is no number is none.

    `mode` is max or min.
    """
    sign = -1 if mode == "max" else 1
    known = [one for one in validations if isfinite(one.value)]
    return sorted(known, key=lambda one: (sign * one.value, one.step))[:count]


def best_checkpoints(folder: Path, rule: Mapping[str, Any]) -> list[Validation]:
    """The validations whose checkpoints a run keeps, the best first, by its `checkpoint` in plain containers."""
    return best_of(validations_of(folder, rule["monitor"]), rule["mode"], rule["save_top_k"])


def best_checkpoint(folder: Path, rule: Mapping[str, Any]) -> Validation:
    """The first of them.

    Raises:
        LikenessError: no validation came to a number.
    """
    best = best_checkpoints(folder, rule)
    if not best:
        raise LikenessError(
            f"{folder} has no best checkpoint: no validation has come to a number in {rule['monitor']} yet."
        )
    return best[0]
