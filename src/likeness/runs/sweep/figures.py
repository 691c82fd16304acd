"""The figures of a sweep: parallel coordinates, and for each numeric parameter of a grid over seeds its curve."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from likeness.evaluation.figures import Axis, Point, objective_figure, parallel_figure
from likeness.runs.sweep.ledger import EndedTrial, best_of
from likeness.runs.sweep.plan import Plan

LINES = 6  # of more, none can be told from the others


def write_figures(plan: Plan, ended: Sequence[EndedTrial]) -> None:
    """Draw the trials that finished into `figures/` of the folder; nothing where there is nothing to compare."""
    finished = [one for one in ended if one.outcome.status == "finished"]
    keys = dict.fromkeys(key for one in finished for key in one.trial.parameters)
    varied = [key for key in keys if len({str(one.trial.parameters[key]) for one in finished}) > 1]
    if not varied:
        return
    figures = {"parallel_coordinates": _parallel(plan, finished, varied)}
    if plan.points is not None and len(plan.seeds) > 1:
        for key in varied:
            if all(map(_is_number, (one.trial.parameters[key] for one in finished))):
                figures[f"curve_{key.lstrip('+')}"] = _curve(plan, finished, key, varied)
    (plan.folder / "figures").mkdir(exist_ok=True)
    for name, figure in figures.items():
        figure.savefig(plan.folder / "figures" / f"{name}.png")


def _parallel(plan: Plan, finished: Sequence[EndedTrial], keys: Sequence[str]) -> Figure:
    axes = []
    for key in keys:
        values = [one.trial.parameters[key] for one in finished]
        numbers = all(map(_is_number, values))
        axes.append(
            Axis(
                key.lstrip("+"), values if numbers else list(map(str, values)), numbers and _is_log(plan, key)
            )
        )
    for place, objective in enumerate(plan.sweep.objectives):
        axes.append(Axis(objective.metric, [one.outcome.values[place] for one in finished]))
    sign = 1 if plan.sweep.objectives[0].direction == "maximize" else -1
    quality = [sign * one.outcome.values[0] for one in finished]
    return parallel_figure(axes, quality, [finished.index(one) for one in best_of(plan, finished)])


def _curve(plan: Plan, finished: Sequence[EndedTrial], key: str, varied: Sequence[str]) -> Figure:
    """The first objective along `key`, a line for each combination of the other parameters."""
    lines: dict[str, list[Point]] = defaultdict(list)
    for one in finished:
        others = [f"{other.lstrip('+')}={one.trial.parameters[other]}" for other in varied if other != key]
        name, estimate = " ".join(others), one.estimates[0]
        runs = [result.objectives[0].value for result in one.results]
        if estimate.low is not None and estimate.high is not None and (name in lines or len(lines) < LINES):
            point = Point(one.trial.parameters[key], estimate.value, estimate.low, estimate.high, runs)
            lines[name].append(point)
    metric = plan.sweep.objectives[0].metric
    return objective_figure(lines, key.lstrip("+"), metric, log=_is_log(plan, key))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_log(plan: Plan, key: str) -> bool:
    return key in plan.sweep.dimensions and plan.sweep.dimensions[key].log
