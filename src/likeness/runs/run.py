"""The one path of a run: build, fit, measure, close the record."""

import logging
from functools import partial
from pathlib import Path
from typing import Any

from likeness.config.key import deciding
from likeness.config.schema.runs import TrainConfig
from likeness.config.trust import packages_named
from likeness.data.run_data import RunData
from likeness.runs.recipe import Recipe
from likeness.runs.record.environment import capture_environment
from likeness.runs.record.handed_on import best_validation, handed_on, said_of
from likeness.runs.record.output import lasting_output
from likeness.runs.record.recording import GoingOn, Recording, recorded
from likeness.runs.record.source import capture_source
from likeness.runs.report.write import write_report
from likeness.runs.resume import refuse_other, refuse_twin, unfinished_run
from likeness.runs.sweep.pruning import raise_if_pruned
from likeness.runs.sweep.stopping import StopPruned
from likeness.runs.trackers import refuse_missing, tracked
from likeness.runs.training.checkpoints import measured_step
from likeness.runs.training.chosen import refuse_callbacks, refuse_monitoring
from likeness.runs.training.devices import refuse_devices, refuse_synchronized_norms
from likeness.runs.training.fit import fit, fit_on_devices
from likeness.runs.training.machines import Machines, met
from likeness.runs.training.preemption import ended_by_sigterm
from likeness.runs.training.taken_up import take_up

log = logging.getLogger("likeness")


def train(config: TrainConfig, recipe: Recipe) -> Path:
    """Train and measure as `config` and its recipe say; where the last run of `config` did not finish, it goes on.

    Of several machines the first does so; the others lend it their devices until the training ends.

    Returns the run's folder.

    Raises:
        LikenessError: what a user can mend, before training starts where it can be known then.
        Preempted: SIGTERM asked the run to end.
        Pruned: the run is a job of a sweep, and the trials before it did better.
    """
    with ended_by_sigterm(), lasting_output(), met(config.trainer.num_nodes) as machines:
        if machines is not None and machines.number > 0:
            return _lend(config, recipe, machines)
        unfinished = unfinished_run(config, recipe.fingerprints, recipe.files)
        return _train(config, recipe, unfinished, machines)


def resume(config: TrainConfig, recipe: Recipe, folder: Path, before: TrainConfig) -> Path:
    """Go on with the run in `folder`, recorded with the configuration `before`, from which `config` may differ in what
    changes no number.

    Raises:
        LikenessError: as `train` does, or `config` or the data would change the run's numbers.
        Preempted: SIGTERM asked the run to end.
    """
    with ended_by_sigterm(), lasting_output(), met(config.trainer.num_nodes) as machines:
        if machines is not None and machines.number > 0:
            return _lend(config, recipe, machines)
        refuse_other(folder, before, config, recipe.fingerprints, recipe.files)
        return _train(config, recipe, folder, machines)


def _lend(config: TrainConfig, recipe: Recipe, machines: Machines) -> Path:
    """Train on this machine's devices in the run of the first one; returns its folder."""
    _checked(config, recipe)
    machines.agree(_alike(config, recipe))
    folder, meeting = machines.invited()
    if meeting is not None:
        fit_on_devices(config, folder, meeting)
    return folder


def _train(config: TrainConfig, recipe: Recipe, unfinished: Path | None, machines: Machines | None) -> Path:
    trackers = config.logger.chosen
    refuse_missing(trackers)
    data = _checked(config, recipe)
    if machines is not None:
        machines.agree(_alike(config, recipe))
    going_on = None if unfinished is None else GoingOn(unfinished, take_up)
    opened = recorded(config, recipe.fingerprints, recipe.files, going_on, partial(refuse_twin, config))
    with opened as run, tracked(run.folder, trackers):
        raise_if_pruned(config, run.folder)  # where the run was killed before its record said so
        if data is not None:
            stopping = [StopPruned(config, run.folder)] if config.sweep else []
            fit(config, run.folder, recipe, data, stopping, machines)
        raise_if_pruned(config, run.folder)
        if data is not None:
            _tell_weights(run, config)
        recipe.conclude(run)
    write_report(run.folder, recipe.family.presentation)
    return run.folder


def _checked(config: TrainConfig, recipe: Recipe) -> RunData | None:
    """The batches to train on, once nothing that can be known before speaks against the run on this machine."""
    refuse_devices(config.trainer.accelerator, config.trainer.devices)
    refuse_synchronized_norms(config.trainer.accelerator, sync_batchnorm=config.trainer.sync_batchnorm)
    data = recipe.data()
    recipe.refuse()
    if data is not None:
        refuse_callbacks(config, recipe)
        if not data.validated:
            refuse_monitoring(config)
    return data


def _alike(config: TrainConfig, recipe: Recipe) -> dict[str, Any]:
    """What decides a run's numbers, so that it must be alike on all machines."""
    environment = capture_environment()
    return {
        "configuration": deciding(config.plain()),
        "source": capture_source(packages=packages_named(config.plain())).identity,
        "data": recipe.fingerprints,
        "environment": {name: environment[name] for name in ("python", "packages")},
    }


def _tell_weights(run: Recording, config: TrainConfig) -> None:
    """Record which weights are measured, and the best validation; say the first where they are not simply the last."""
    weights = handed_on(run.folder, config.plain(), measured_step(run.folder))
    run.outcome["weights"] = weights
    if config.validates:
        objective = config.objective
        mode = "max" if objective.direction == "maximize" else "min"
        run.outcome["best"] = best_validation(run.folder, objective.metric, mode)
    if weights["averaged"] or weights["checkpoint"] != "last":
        log.info("Measured and handed on: %s.", said_of(weights))
