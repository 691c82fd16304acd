"""What a sweep is going to do, checked before any of its jobs starts."""

import json
import logging
import shlex
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from hydra.core.override_parser.types import Override

from likeness.config.groups import TRAIN
from likeness.config.key import key_of
from likeness.config.schema.runs import TrainConfig
from likeness.config.schema.sweep import Objective, Sweep
from likeness.errors import LikenessError
from likeness.runs.sweep.space import (
    SEED,
    Parameters,
    combinations,
    ends,
    override_of,
    split_overrides,
    values_of,
)
from likeness.runs.sweep.study import Trial

log = logging.getLogger("likeness")

Compose = Callable[[list[str]], TrainConfig]
"""From the overrides of a job to its checked configuration; a LikenessError says what won't do."""


class Plan(NamedTuple):
    """A sweep: what it looks for and where, the overrides and seeds of all its jobs, and its folder.

    `points` are those of a grid, in order; None where a sampler proposes them. `batch` is how many jobs are launched
    at once, `first` the configuration of the first job, and `config_dir` the folder of the user's own configuration.
    Each trial is a job for each of `seeds`, or one with the seed of the configuration where there are none.
    """

    id: str
    name: str
    folder: Path
    sweep: Sweep
    overrides: list[str]
    points: list[Parameters] | None
    seeds: list[int]
    batch: int
    first: TrainConfig
    config_dir: str | None


class Job(NamedTuple):
    """A run that the sweep asks for: its number, from 0, the trial it belongs to, and what it sets.

    `refused` says why its parameters don't go together, where they don't; then it has no configuration.
    """

    number: int
    trial: int
    parameters: Parameters
    overrides: list[str]
    config: TrainConfig | None
    key: str
    refused: str | None = None


def make_plan(
    overrides: Sequence[Override], compose: Compose, *, beside: bool, config_dir: str | None
) -> Plan:
    """The sweep that overrides on a command line describe; `beside` means that its jobs may run side by side.

    Raises:
        LikenessError: an override, a key of the search space or one of its values won't do.
    """
    fixed, axes = split_overrides(overrides)
    begun = compose([*fixed, *_overrides({key: values[0] for key, values in axes.items()})])
    sweep = begun.search
    _warn_of_own_measure(sweep, axes, begun.validates)
    seeds = list(dict.fromkeys(axes.pop(SEED, [])))  # equal ones are one
    if sweep.pruner is not None and len(seeds) > 1:
        raise LikenessError("Trials over several seeds can't be stopped early; set sweep.pruner=null.")
    points = None
    if sweep.sampler is None:
        points = combinations({key: values_of(key, one) for key, one in sweep.dimensions.items()} | axes)
    else:
        _refuse_without_space(sweep, axes)
    if points is not None and len(points) == 1:
        sweep = _of_one_trial(sweep, begun)
    start, *others = points if points is not None else _corners(sweep)
    first = compose([*fixed, *_overrides(start)])
    for point in [*others, *({**start, SEED: seed} for seed in seeds)]:
        compose([*fixed, *_overrides(point)])
    _refuse_unvalidated(sweep, first)
    batch = sweep.parallel or (len(points) * max(1, len(seeds)) if points is not None and beside else 1)
    sweep_id = _identity(sweep, points, seeds, batch, first)
    folder = Path(first.runs_dir, first.name, "sweeps", sweep_id)
    return Plan(sweep_id, first.name, folder, sweep, fixed, points, seeds, batch, first, config_dir)


def _of_one_trial(sweep: Sweep, config: TrainConfig) -> Sweep:
    """The same, but for its objective: among the seeds of one trial nothing is chosen, so that it is their test."""
    named = config.sweep.objectives if config.sweep else []
    if named or config.headline is None:
        return sweep
    tested = Objective(metric=config.headline, direction=config.objective.direction)
    return sweep.model_copy(update={"objectives": [tested]})


def _refuse_unvalidated(sweep: Sweep, config: TrainConfig) -> None:
    """Raise a LikenessError where trials are compared by a validation that no run comes to."""
    batches = config.trainer.max_steps * config.trainer.accumulate_grad_batches
    for objective in sweep.objectives:
        if objective.metric in config.validates and config.trainer.val_check_interval > batches:
            raise LikenessError(
                f"The trials are compared by {objective.metric}, but with trainer.val_check_interval="
                f"{config.trainer.val_check_interval} there is no validation in {batches} batches: set it to "
                f"{batches} or less."
            )


def _warn_of_own_measure(sweep: Sweep, axes: dict[str, list[Any]], validates: Sequence[str]) -> None:
    """Say where what is swept is what is measured by, or the winner is chosen by what it is to be tested on."""
    for objective in sweep.objectives if validates else ():
        if objective.metric not in validates:
            log.warning(
                "The winner is chosen by %s, and so on the test data: what it reaches there is too good to be told "
                "of others; sweep.objectives=[] chooses by %s.",
                objective.metric,
                validates[0],
            )
    by_loss = any(objective.metric.startswith("cost/") for objective in sweep.objectives)
    if by_loss and any(
        key.lstrip("+").startswith(("loss", "backbone")) for key in [*axes, *sweep.dimensions]
    ):
        log.warning(
            "The costs are measured by the loss that is swept: the least is not the best; look at the images."
        )


def make_job(plan: Plan, number: int, trial: Trial, parameters: Parameters, compose: Compose) -> Job:
    """A job of the sweep: a trial's, with these parameters."""
    overrides = [*plan.overrides, *_overrides(parameters)]
    try:
        config = compose(overrides)
    except LikenessError as error:
        return Job(number, trial.number, parameters, overrides, None, "", str(error))
    return Job(number, trial.number, parameters, overrides, config, key_of(config.plain()))


def launched_overrides(plan: Plan, job: Job, earlier: Path | None) -> list[str]:
    """The overrides that a job is launched with: its own, and those by which it knows what sweep it belongs to."""
    more = [override_of("++sweep.id", plan.id)]
    if earlier is not None:
        more.append(override_of("++sweep.earlier", str(earlier.absolute())))
    return [*job.overrides, *more]


def command(plan: Plan, parameters: Parameters) -> str:
    """The command line that trains one job of the sweep by itself."""
    place = ["--config-dir", plan.config_dir] if plan.config_dir else []
    fixed = [one for one in plan.overrides if not one.lstrip("+~").startswith(("sweep=", "sweep."))]
    return shlex.join([*TRAIN.split(), *place, *fixed, *_overrides(parameters)])


def _overrides(parameters: Parameters) -> list[str]:
    return [override_of(key, value) for key, value in parameters.items()]


def _corners(sweep: Sweep) -> list[Parameters]:
    """The first point of the search space, and it with each key at each of its ends or choices."""
    start = {key: ends(one)[0] for key, one in sweep.dimensions.items()}
    return [
        start,
        *({**start, key: value} for key, one in sweep.dimensions.items() for value in ends(one)[1:]),
    ]


def _identity(
    sweep: Sweep, points: list[Parameters] | None, seeds: list[int], batch: int, first: TrainConfig
) -> str:
    """A hexadecimal name that two sweeps share where they try the same on the same."""
    definition = sweep.model_dump(mode="json", by_alias=True, exclude={"parallel", "id", "earlier"})
    learns = (
        sweep.sampler is not None or sweep.pruner is not None
    )  # then it matters what is known at each batch
    whole = [definition, points, seeds, batch if learns else None, key_of(first.plain())]
    return sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:12]


def _refuse_without_space(sweep: Sweep, axes: dict[str, list[Any]]) -> None:
    if axes:
        key = next(iter(axes))
        raise LikenessError(
            f"{key} takes one value beside a sampler, only seed takes several; "
            f"let it be searched with +sweep.space={{{key}: {{choices: [...]}}}}."
        )
    if not sweep.dimensions:
        raise LikenessError(
            "sweep.space is empty; +sweep.space={loss.margin: {low: 0.1, high: 0.5}} fills it."
        )
