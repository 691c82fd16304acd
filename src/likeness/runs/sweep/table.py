"""The table at the end of a sweep."""

from collections.abc import Sequence
from math import isnan

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from likeness.runs.record.measured import TOO_FEW
from likeness.runs.sweep.estimate import Estimate
from likeness.runs.sweep.ledger import EndedTrial, Tested, best_of
from likeness.runs.sweep.plan import Plan, command


def print_table(plan: Plan, ended: Sequence[EndedTrial], tested: Tested | None) -> None:
    """Print the trials, the best first, with 95% intervals; why jobs failed; and how to train the best again.

    `tested` is what the test says of the best.
    """
    best = best_of(plan, ended)
    console = Console()
    console.print(_table(plan, sorted(ended, key=lambda one: _rank(plan, one, best)), best))
    for one in ended:
        for job, result in zip(one.jobs, one.results, strict=True):
            if result.status == "failed":
                console.print(f"job {job.number} failed: {escape(str(result.reason))}", highlight=False)
    if tested is not None:
        console.print(
            f"The best on the test data, which chose nothing: {escape(tested.metric)} {escape(_cell(tested.estimate))}",
            soft_wrap=True,
            highlight=False,
        )
    for one in best[:1]:
        says = "The best again:" if len(plan.sweep.objectives) == 1 else "The first of the best again:"
        console.print(
            f"{says} {escape(command(plan, one.jobs[0].parameters))}", soft_wrap=True, highlight=False
        )


def _table(plan: Plan, ended: Sequence[EndedTrial], best: Sequence[EndedTrial]) -> Table:
    keys = list(dict.fromkeys(key for one in ended for key in one.trial.parameters))
    table = Table(title=_title(plan, ended), box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("trial", justify="right")
    for key in keys:
        table.add_column(escape(key.lstrip("+")), justify="right")
    for objective in plan.sweep.objectives:
        table.add_column(escape(objective.metric), justify="right", no_wrap=True)
    table.add_column("status")
    for one in ended:
        parameters = [_short(one.trial.parameters.get(key, "")) for key in keys]
        cells = [_cell(estimate) for estimate in one.estimates] or [""] * len(plan.sweep.objectives)
        status = "best" if one in best else one.outcome.status
        style = "bold" if one in best else None
        table.add_row(
            str(one.trial.number), *map(escape, parameters), *map(escape, cells), status, style=style
        )
    return table


def _title(plan: Plan, ended: Sequence[EndedTrial]) -> str:
    seeds = max((len(one.jobs) for one in ended), default=1)
    over = f"mean over {seeds} seeds [95% interval]" if seeds > 1 else "value [95% interval of the one run]"
    front = "; best: none is better in every objective" if len(plan.sweep.objectives) > 1 else ""
    return f"The trials of sweep {plan.id}: {over}{front}"


def _rank(plan: Plan, ended: EndedTrial, best: Sequence[EndedTrial]) -> tuple[int, float, int]:
    """By which the table is sorted: the best, the others by the first objective, and those without values."""
    if ended.outcome.status != "finished":
        return 2, 0.0, ended.trial.number
    sign = -1 if plan.sweep.objectives[0].direction == "maximize" else 1
    return int(ended not in best), sign * ended.outcome.values[0], ended.trial.number


def _cell(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.4f}"
    interval = TOO_FEW if isnan(estimate.low) else f"{estimate.low:.4f}, {estimate.high:.4f}"
    return f"{estimate.value:.4f} [{interval}]"


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
