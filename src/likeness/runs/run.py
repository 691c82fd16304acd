"""The one path of a run: check, build, fit, measure on people never trained on, close the record."""

import logging
from pathlib import Path

from omegaconf import DictConfig

from likeness.config.check import check
from likeness.config.plain import plain
from likeness.config.schema import EvaluateConfig, TrainConfig
from likeness.errors import LikenessError
from likeness.evaluation import EUCLIDEAN
from likeness.runs.build import (
    build_data,
    build_datamodule,
    build_task,
    build_trained,
    build_untrained,
    test_data,
)
from likeness.runs.contenders import contender_of, device_of, of_file, of_run
from likeness.runs.inputs import Inputs, build_inputs, fingerprints
from likeness.runs.measuring.judging import judge_on, write_judge
from likeness.runs.measuring.measure import Contender, Measured, TestData, measure
from likeness.runs.measuring.results import write_results
from likeness.runs.measuring.table import print_table
from likeness.runs.people import refuse_shared_people
from likeness.runs.record.recording import Recording, recorded
from likeness.runs.report.write import write_report
from likeness.runs.resume import refuse_other, unfinished_run
from likeness.runs.trackers import refuse_missing, tracked
from likeness.runs.training.broken import noted_broken
from likeness.runs.training.fit import fit
from likeness.runs.training.preemption import ended_by_sigterm

log = logging.getLogger("likeness")


def train(config: DictConfig) -> Path:
    """Train and measure as `config` says; where the last run of `config` did not finish, it goes on.

    Returns the run's folder.

    Raises:
        LikenessError: what a user can mend, before training starts where it can be known then.
        Preempted: SIGTERM asked the run to end.
    """
    check(plain(config), TrainConfig)
    with ended_by_sigterm():
        inputs = build_inputs(config)
        return _train(config, inputs, unfinished_run(plain(config), inputs.fingerprints))


def resume(config: DictConfig, folder: Path) -> Path:
    """Go on with the run in `folder`, of which `config` may differ in what changes no number.

    Raises:
        LikenessError: as `train` does, or `config` or the data would change the run's numbers.
        Preempted: SIGTERM asked the run to end.
    """
    check(plain(config), TrainConfig)
    with ended_by_sigterm():
        inputs = build_inputs(config)
        refuse_other(folder, plain(config), inputs.fingerprints, inputs.files)
        return _train(config, inputs, folder)


def _train(config: DictConfig, inputs: Inputs, unfinished: Path | None) -> Path:
    trackers = [name for name, node in config.logger.items() if node is not None]
    refuse_missing(trackers)
    tested = inputs.tested
    datamodule = build_datamodule(config, inputs.splits)
    refuse_shared_people(config, inputs)
    device = device_of(config.trainer.accelerator)
    build_task(config)  # what is wrong with a network is said before training
    opened = recorded(config, inputs.fingerprints, inputs.files, unfinished)
    with opened as run, tracked(run.folder, trackers):
        fit(config, run.folder, datamodule)
        networks = build_trained(config, run.folder).ready(device)
        trained = contender_of(networks)
        if inputs.splits.validation is not None:
            judge = judge_on(trained, inputs.splits.validation, config, device=device)
            run.outcome["judge"] = write_judge(run.folder, judge)
            trained = trained._replace(judge=judge)
        contenders = {"trained": trained}
        if networks.head is not None:
            contenders["its distance"] = Contender(networks.embedder, EUCLIDEAN)
        contenders["untrained"] = contender_of(build_untrained(config).ready(device))
        _conclude(run, measure(contenders, tested, config, device=device), tested)
    write_report(run.folder)
    return run.folder


def evaluate(config: DictConfig, source: Path) -> Path:
    """Measure a run's encoder, or that of an ONNX file, on the data of `config`; returns the new run's folder.

    Raises:
        LikenessError: what a user can mend.
    """
    check(plain(config), EvaluateConfig)
    tested = test_data(build_data(config.data), config)
    published = source.suffix == ".onnx"
    contender, weights = of_file(config, source) if published else of_run(config, source, tested)
    data = fingerprints({"test": tested.pictures}, tested)
    with recorded(config, data, [tested.pictures.files()]) as run:
        run.outcome["encoder"] = {"path": str(source.resolve()), "sha256": weights}
        _conclude(run, measure({source.stem: contender}, tested, config, device=device_of("auto")), tested)
    write_report(run.folder)
    return run.folder


def _conclude(run: Recording, measured: Measured, tested: TestData) -> None:
    """Write the results, and say them."""
    names = sorted({*noted_broken(run.folder), *tested.pictures.broken})
    run.outcome["broken_pictures"] = names
    try:
        write_results(run.folder, measured, tested)
    except OSError as error:
        raise LikenessError(
            f"The results can't be written to {run.folder} ({error.strerror}); make room and run the same command "
            "again: it goes on from the last checkpoint."
        ) from error
    print_table(measured.metrics)
    if names:
        log.warning("%d pictures could not be read and were left out: %s", len(names), ", ".join(names[:10]))
