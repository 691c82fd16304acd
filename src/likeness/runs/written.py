"""How a measured value is written: a share in per cent, a cost as a number."""

import math


def written(metric: str, value: float | None, digits: int) -> str:
    """A value of the metric `group/name`; costs are those of the group `cost`, all others are shares."""
    if value is None or math.isnan(value):
        return "too few to tell"
    return f"{value:.5g}" if metric.startswith("cost/") else f"{100 * value:.{digits}f}"


def written_interval(metric: str, low: float | None, high: float | None, digits: int) -> str:
    """The 95% interval of such a value, or nothing where there is none."""
    if low is None or high is None:
        return ""
    return f"[{written(metric, low, digits)}, {written(metric, high, digits)}]"
