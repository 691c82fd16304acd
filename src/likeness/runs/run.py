"""The one path of a run: check, build, fit, measure what was trained, close the record."""

from pathlib import Path

from omegaconf import DictConfig

from likeness.config.check import check_training
from likeness.config.make import plain
from likeness.recipes.choose import work_of
from likeness.runs.recipe import Work
from likeness.runs.record.recording import recorded
from likeness.runs.report.write import write_report
from likeness.runs.resume import refuse_other, unfinished_run
from likeness.runs.trackers import refuse_missing, tracked
from likeness.runs.training.devices import refuse_devices
from likeness.runs.training.fit import fit
from likeness.runs.training.preemption import ended_by_sigterm


def train(config: DictConfig) -> Path:
    """Train and measure as `config` says; where the last run of `config` did not finish, it goes on.

    Returns the run's folder.

    Raises:
        LikenessError: what a user can mend, before training starts where it can be known then.
        Preempted: SIGTERM asked the run to end.
    """
    check_training(plain(config))
    with ended_by_sigterm():
        work = work_of(config)
        return _train(config, work, unfinished_run(plain(config), work.fingerprints))


def resume(config: DictConfig, folder: Path) -> Path:
    """Go on with the run in `folder`, of which `config` may differ in what changes no number.

    Raises:
        LikenessError: as `train` does, or `config` or the data would change the run's numbers.
        Preempted: SIGTERM asked the run to end.
    """
    check_training(plain(config))
    with ended_by_sigterm():
        work = work_of(config)
        refuse_other(folder, plain(config), work.fingerprints, work.files)
        return _train(config, work, folder)


def _train(config: DictConfig, work: Work, unfinished: Path | None) -> Path:
    trackers = [name for name, node in config.logger.items() if node is not None]
    refuse_missing(trackers)
    refuse_devices(config.trainer.accelerator, config.trainer.devices)
    data = work.data()
    work.refuse()
    opened = recorded(config, work.fingerprints, work.files, unfinished)
    with opened as run, tracked(run.folder, trackers):
        fit(config, run.folder, work, data)
        work.conclude(run)
    write_report(run.folder)
    return run.folder
