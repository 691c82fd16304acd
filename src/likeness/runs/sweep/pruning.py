"""Whether a trial is stopped early: a function of the pruner, the trials before it, and its own validations.

The decision needs no study that lives on: it is the same in any process, after a kill, and when the run is looked at
again later.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path

from likeness.config.schema.runs import TrainConfig
from likeness.config.schema.sweep import Sweep
from likeness.errors import LikenessError, Pruned
from likeness.runs.record.folder import write_json
from likeness.runs.record.logged import read_metrics
from likeness.runs.sweep.optuna_parts import optuna_part
from likeness.runs.sweep.outcome import STATES, Outcome, Validation


def validations(folder: Path, sweep: Sweep) -> list[Validation]:
    """The values of the pruner's metric that a run logged, in the order of its steps; none without a pruner."""
    if sweep.pruner is None:
        return []
    return [
        Validation(row.step, row.value) for row in read_metrics(folder) if row.metric == sweep.pruner.metric
    ]


def stopped_at(
    sweep: Sweep, earlier: Sequence[Outcome], values: Sequence[Validation], max_steps: int
) -> int | None:
    """The step at which the pruner stops a trial with these validations, or None where it lets it go on.

    At the last of `max_steps` there is nothing left to stop.
    """
    if sweep.pruner is None:
        return None
    import optuna  # only a job of a sweep with a pruner pays for it

    study = optuna.create_study(
        study_name="sweep",  # by which Hyperband chooses the brackets
        pruner=optuna_part(sweep.pruner),
        sampler=optuna.samplers.RandomSampler(seed=0),
        direction=sweep.objectives[0].direction,
    )
    for outcome in earlier:
        trial = study.ask()
        for step, value in outcome.validations:
            trial.report(value, step)
            trial.should_prune()  # successive halving keeps its books here
        study.tell(trial, outcome.values or None, state=optuna.trial.TrialState[STATES[outcome.status]])
    trial = study.ask()
    for step, value in values:
        trial.report(value, step)
        if step < max_steps and trial.should_prune():
            return step
    return None


def write_earlier(path: Path, outcomes: Sequence[Outcome]) -> None:
    """Write what a job has to know of the trials before it."""
    path.parent.mkdir(exist_ok=True)
    write_json(path, [outcome._asdict() for outcome in outcomes])


def read_earlier(path: Path) -> list[Outcome]:
    """What `write_earlier` wrote.

    Raises:
        LikenessError: the file is gone.
    """
    try:
        rows = json.loads(path.read_text())
    except OSError as error:
        raise LikenessError(
            f"{path}, the trials that came before this job of a sweep, can't be read ({error.strerror}); "
            "start the sweep again."
        ) from error
    return [
        Outcome(
            row["status"],
            row["values"],
            [Validation(step, math.nan if value is None else value) for step, value in row["validations"]],
        )
        for row in rows
    ]


def raise_if_pruned(config: TrainConfig, folder: Path) -> None:
    """Raise `Pruned` where the run in `folder` is a job of a sweep whose validations so far have it stopped.

    Raises:
        LikenessError: the file of the trials before it is gone.
    """
    if config.sweep is None or config.sweep.earlier is None:
        return
    sweep = config.search
    earlier = read_earlier(Path(str(sweep.earlier)))
    step = stopped_at(sweep, earlier, validations(folder, sweep), config.trainer.max_steps)
    if step is not None and sweep.pruner is not None:
        raise Pruned(f"stopped at step {step}, behind the trials before it in {sweep.pruner.metric}")
