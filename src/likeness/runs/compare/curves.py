"""Whether runs logged the same bits, and else where they first part."""

from pathlib import Path
from typing import NamedTuple

from likeness.runs.record.logged import read_metrics

Points = dict[int, float]


class CurveComparison(NamedTuple):
    """A metric as two runs logged it: how often, and where they first differ.

    `step` is the first with another value, or with a value in one run only (None in the other); None means that the
    curves are bit-identical.
    """

    metric: str
    counts: tuple[int, int]
    step: int | None
    values: tuple[float | None, float | None]


def read_curves(folder: Path) -> dict[str, Points]:
    """By metric, the values that a run logged, by step."""
    curves: dict[str, Points] = {}
    for row in read_metrics(folder):
        curves.setdefault(row.metric, {})[row.step] = row.value
    return curves


def compare_curves(first: dict[str, Points], second: dict[str, Points]) -> list[CurveComparison]:
    """Every metric of either run, in the order of their names; values are equal where their bits are."""
    return [
        _compared(metric, first.get(metric, {}), second.get(metric, {}))
        for metric in sorted({*first, *second})
    ]


def _compared(metric: str, first: Points, second: Points) -> CurveComparison:
    counts = len(first), len(second)
    for step in sorted({*first, *second}):
        values = first.get(step), second.get(step)
        if repr(values[0]) != repr(values[1]):  # tells every float from every other, and NaN is NaN
            return CurveComparison(metric, counts, step, values)
    return CurveComparison(metric, counts, None, (None, None))
