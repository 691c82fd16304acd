"""What the runs of an experiment measured, over their seeds."""

from collections.abc import Mapping, Sequence
from statistics import stdev
from typing import Any

from likeness.evaluation.metric import Metric
from likeness.runs.evidence.choose import images_of
from likeness.runs.recipe import Presentation
from likeness.runs.record.measured import recorded_interval
from likeness.runs.record.past import PastRun
from likeness.runs.sweep.estimate import Bounds, estimate


def gather(runs: Sequence[PastRun], presentation: Presentation) -> dict[str, Any]:
    """The content of an experiment's `results.json`: its runs, their data, and by encoder and metric what was measured.

    A metric has each run's value and 95% interval, their mean, its 95% interval over seeds as `estimate` says, and the
    standard deviation (ddof 1).
    """
    first = runs[0]
    return {
        "runs": [_about(run) for run in runs],
        "packages": first.record["environment"]["packages"],
        "data": images_of(first),
        "results": {
            encoder: {
                metric: _over([run.results[encoder][metric] for run in runs], presentation.bounds(metric))
                for metric in metrics
            }
            for encoder, metrics in first.results.items()
        },
    }


def _about(run: PastRun) -> dict[str, Any]:
    """What must be known of a run to trust and to repeat it, without the paths of the machine that it ran on."""
    about = {
        key: run.record.get(key)
        for key in ("name", "run", "seed", "key", "started", "ended", "source", "cost")
    }
    environment = {key: value for key, value in run.record["environment"].items() if key != "packages"}
    drawn = {name: run.record["data"].get(name) for name in ("pairs", "episodes")}
    return {**about, "environment": environment, **drawn}


def _over(metrics: Sequence[Mapping[str, Any]], bounds: Bounds) -> dict[str, Any]:
    values = [metric["value"] for metric in metrics]
    intervals = [recorded_interval(metric) for metric in metrics]
    count = metrics[0]["count"]
    if None in values:  # too few pairs to tell
        return {"values": values, "intervals": intervals, "count": count}
    over = estimate(
        [Metric(value, count, *interval) for value, interval in zip(values, intervals, strict=True)],
        bounds,
    )
    return {
        "mean": over.value,
        "low": over.low,
        "high": over.high,
        "deviation": stdev(values) if len(values) > 1 else None,
        "values": values,
        "intervals": intervals,
        "count": count,
    }
