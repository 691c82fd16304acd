"""Whether a trial is stopped early: a function of the pruner, the trials before it, and its own validations.

The decision needs no study that lives on: it is the same in any process, after a kill, and when the run is looked at
again later. What lives on in a process, the study of the trials before, only spares it doing the same again.
"""

import math
from collections.abc import Iterable, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from likeness.config.schema.runs import TrainConfig
from likeness.config.schema.sweep import Hyperband, SuccessiveHalving, Sweep
from likeness.errors import LikenessError, Pruned
from likeness.runs.record.folder import write_json
from likeness.runs.record.json_file import read_json
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


class _Earlier(TypedDict):
    status: Literal["finished", "pruned", "failed"]
    values: list[float]
    validations: list[Annotated[list[float | None], Field(min_length=2, max_length=2)]]


def write_earlier(path: Path, outcomes: Sequence[Outcome]) -> None:
    """Write what a job has to know of the trials before it."""
    path.parent.mkdir(exist_ok=True)
    write_json(path, [outcome._asdict() for outcome in outcomes])


def read_earlier(path: Path) -> list[Outcome]:
    """What `write_earlier` wrote.

    Raises:
        LikenessError: the file is gone or damaged.
    """
    try:
        rows = read_json(path, list[_Earlier])
    except LikenessError as error:
        raise LikenessError(
            f"The trials that came before this job of a sweep are not known: {error} Start the sweep again."
        ) from error
    return [
        Outcome(
            row["status"],
            row["values"],
            [
                Validation(int(step or 0), math.nan if value is None else value)
                for step, value in row["validations"]
            ],
        )
        for row in rows
    ]


def raise_if_pruned(config: TrainConfig, folder: Path) -> None:
    """Raise `Pruned` where the run in `folder` is a job of a sweep whose validations so far have it stopped.

    Raises:
        LikenessError: the file of the trials before it is gone.
    """
    job = JobUnderWay(config, folder)
    if (step := job.stopped_at()) is not None:
        raise Pruned(f"stopped at step {step}, behind the trials before it in {job.metric}")


class EarlierTrials:
    """The trials of a sweep that have ended, as its pruner knows them; of the next one it says where it stops it."""

    def __init__(self, sweep: Sweep, outcomes: Iterable[Outcome] = ()) -> None:
        self._sweep = sweep
        self._study: Any = None  # Optuna's, with the trials that were asked about until now
        self._new = list(outcomes)

    def add(self, outcome: Outcome) -> None:
        """Add the trial that ended after those that are known."""
        self._new.append(outcome)

    def next_trial(self, max_steps: int) -> "NextTrial":
        """A trial of `max_steps` after those that are known now; they stay without it."""
        return NextTrial(self._forked() if self._sweep.pruner is not None else None, max_steps)

    def _forked(self) -> Any:
        """A study of its own for a trial, at the cost of a list of the trials.

        The study and the pruner are copied, the trials are not: those that have ended Optuna itself refuses to change.
        """
        study = self._known()
        return deepcopy(study, {id(trial): trial for trial in study.get_trials(deepcopy=False)})

    def _known(self) -> Any:
        """The study of all trials that have ended."""
        import optuna  # only a job of a sweep with a pruner pays for it

        assert self._sweep.pruner is not None
        if self._study is None:
            self._study = optuna.create_study(
                study_name="sweep",  # by which Hyperband chooses the brackets
                pruner=optuna_part(self._sweep.pruner),
                sampler=optuna.samplers.RandomSampler(seed=0),
                direction=self._sweep.objectives[0].direction,
            )
        for outcome in self._new:
            trial = self._study.ask()
            for step, value in outcome.validations:
                trial.report(value, step)
                if isinstance(self._sweep.pruner, SuccessiveHalving | Hyperband):
                    trial.should_prune()  # where these keep their books; the median pruner has none
            state = optuna.trial.TrialState[STATES[outcome.status]]
            self._study.tell(trial, outcome.values or None, state=state)
        self._new.clear()
        return self._study


class NextTrial:
    """A trial under way in a study of its own, or in none, where nothing stops it."""

    def __init__(self, study: Any, max_steps: int) -> None:
        self._trial = None if study is None else study.ask()
        self._max_steps = max_steps
        self._seen = 0
        self._stopped: int | None = None

    def stopped_at(self, values: Sequence[Validation]) -> int | None:
        """The step at which the pruner stops the trial with these validations, or None where it lets it go on.

        At the last of its steps there is nothing left to stop. `values` are all validations until now, as far as they
        were given before the same: only the others are asked about.
        """
        if self._trial is None:
            return None
        for step, value in values[self._seen :]:
            if self._stopped is not None:
                break
            self._seen += 1
            self._trial.report(value, step)
            if step < self._max_steps and self._trial.should_prune():
                self._stopped = step
        return self._stopped


class JobUnderWay:
    """A run in `folder` that trains by `config`, and may be a job of a sweep with a pruner.

    The trials before it are gone through once, and not before there is a validation to ask about.
    """

    def __init__(self, config: TrainConfig, folder: Path) -> None:
        self._folder = folder
        self._max_steps = config.trainer.max_steps
        of_sweep = config.sweep is not None and config.sweep.earlier is not None
        self._sweep = config.search if of_sweep else None
        self._trial: NextTrial | None = None

    @property
    def metric(self) -> str:
        """The pruner's."""
        assert self._sweep is not None
        assert self._sweep.pruner is not None
        return self._sweep.pruner.metric

    def stopped_at(self) -> int | None:
        """The step at which its validations until now have the run stopped, or None.

        Raises:
            LikenessError: the file of the trials before it is gone.
        """
        if self._sweep is None:
            return None
        values = validations(self._folder, self._sweep)
        if self._trial is None:
            earlier = EarlierTrials(self._sweep, read_earlier(Path(str(self._sweep.earlier))))
            if not values:
                return None
            self._trial = earlier.next_trial(self._max_steps)
        return self._trial.stopped_at(values)
