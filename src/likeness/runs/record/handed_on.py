"""Which weights a run hands on to whoever measures or uses it, as they stand in its record and as they are said."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from likeness.runs.record.record_file import read_record
from likeness.runs.record.shape import BestValidation, HandedOn
from likeness.runs.record.validations import best_checkpoint, best_of, validations_of

_AVERAGE = "likeness.runs.training.weight_average.WeightAverage"


def handed_on(folder: Path, config: Mapping[str, Any], step: int) -> HandedOn:
    """What a run of a plain configuration hands on by its checkpoint of a `step`."""
    callbacks = (config.get("callbacks") or {}).values()
    averaged = any(node is not None and node.get("_target_") == _AVERAGE for node in callbacks)
    rule = config.get("checkpoint")
    said: HandedOn = {"step": step, "checkpoint": "last" if rule is None else "best", "averaged": averaged}
    if rule is not None:
        said |= {"monitor": rule["monitor"], "value": best_checkpoint(folder, rule).value}
    return said


def said_of(weights: Mapping[str, Any]) -> str:
    """The same in words."""
    chosen = (
        "the last"
        if weights["checkpoint"] == "last"
        else f"the best {weights['monitor']}, {weights['value']:.5g}"
    )
    return f"{'averaged weights of ' if weights['averaged'] else ''}step {weights['step']} ({chosen})"


def said_of_run(run: Path) -> str | None:
    """The same of a run's record; None where they are simply the last, or it does not say."""
    weights = read_record(run).get("weights")
    if not weights or (weights["checkpoint"] == "last" and not weights["averaged"]):
        return None
    return said_of(weights)


def best_validation(folder: Path, metric: str, mode: str) -> BestValidation | None:
    """The best value that a run validated of a metric, the earliest of equal ones; None where there is none."""
    best = next(iter(best_of(validations_of(folder, metric), mode, 1)), None)
    return None if best is None else {"metric": metric, "step": best.step, "value": best.value}
