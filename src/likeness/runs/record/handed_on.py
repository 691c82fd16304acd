"""Which weights a run hands on to whoever measures or uses it, as they stand in its record and as they are said."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NotRequired

from typing_extensions import TypedDict

from likeness.runs.record.validations import best_checkpoint

_AVERAGE = "likeness.runs.training.weight_average.WeightAverage"


class HandedOn(TypedDict):
    """The step of a checkpoint, by what it was chosen (last or best), and whether its weights are averaged.

    Of the best one the metric that chose it, and its value at that validation.
    """

    step: int
    checkpoint: str
    averaged: bool
    monitor: NotRequired[str]
    value: NotRequired[float]


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
