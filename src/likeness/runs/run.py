"""The one path of a run: check, build, fit, measure on people never trained on, close the record."""

import logging
from pathlib import Path

import torch
from omegaconf import DictConfig

from likeness.config.check import check
from likeness.config.make import make
from likeness.config.plain import plain
from likeness.config.schema import EvaluateConfig, TrainConfig
from likeness.data.overlap import people_in_both
from likeness.errors import LikenessError
from likeness.evaluation import EUCLIDEAN, Judge
from likeness.runs.build import (
    Networks,
    build_data,
    build_datamodule,
    build_task,
    build_trained,
    build_untrained,
    test_data,
)
from likeness.runs.inputs import Inputs, build_inputs, fingerprints
from likeness.runs.measuring.judging import judge_on, read_judge, write_judge
from likeness.runs.measuring.measure import Contender, Measured, TestData, measure
from likeness.runs.measuring.results import write_results
from likeness.runs.measuring.table import print_table
from likeness.runs.past_config import config_of
from likeness.runs.people import people_trained_on, refuse_overlap, refuse_shared_people, splits_of
from likeness.runs.record.recording import Recording, recorded
from likeness.runs.record.source import hash_of_file
from likeness.runs.report.write import write_report
from likeness.runs.resume import refuse_other, unfinished_run
from likeness.runs.trackers import refuse_missing, tracked
from likeness.runs.training.broken import noted_broken
from likeness.runs.training.checkpoints import hash_of
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
    device = _device(config.trainer.accelerator)
    build_task(config)  # what is wrong with a network is said before training
    opened = recorded(config, inputs.fingerprints, inputs.files, unfinished)
    with opened as run, tracked(run.folder, trackers):
        fit(config, run.folder, datamodule)
        trained = _contender(build_trained(config, run.folder).ready(device))
        if inputs.splits.validation is not None:
            judge = judge_on(trained, inputs.splits.validation, config, device=device)
            run.outcome["judge"] = write_judge(run.folder, judge)
            trained = trained._replace(judge=judge)
        contenders = {"trained": trained, "untrained": _contender(build_untrained(config).ready(device))}
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
    contender, weights = _published(config, source) if source.is_file() else _own(config, source, tested)
    data = fingerprints({"test": tested.pictures}, tested.pairs)
    with recorded(config, data, [tested.pictures.files()]) as run:
        run.outcome["encoder"] = {"path": str(source.resolve()), "sha256": weights}
        _conclude(run, measure({source.stem: contender}, tested, config, device=_device("auto")), tested)
    write_report(run.folder)
    return run.folder


def _published(config: DictConfig, path: Path) -> tuple[Contender, str]:
    """The encoder of an ONNX file, and the file's hash."""
    return Contender(make(config.backbone), EUCLIDEAN), hash_of_file(path)


def _own(config: DictConfig, run: Path, tested: TestData) -> tuple[Contender, str]:
    """The networks of a run that never saw the tested people, with its judge, and the hash of their weights."""
    own = config_of(run)
    for trained_on in people_trained_on(own):
        refuse_overlap(trained_on, tested.pictures)
    networks = build_trained(config, run)
    weights = {
        f"{name}.{key}": value
        for name, part in networks.parts.items()
        for key, value in part.state_dict().items()
    }
    contender = _contender(networks.ready(_device("auto")))
    return contender._replace(judge=_judge_for(config, own, run, tested)), hash_of(weights)


def _judge_for(config: DictConfig, own: DictConfig, run: Path, tested: TestData) -> Judge | None:
    """A run's judge, where it can judge the tested people: encoded as those that it was chosen on, and others."""
    if config.evaluation.flip != own.evaluation.flip:
        log.warning(
            "The threshold of %s is left out: it was chosen with evaluation.flip=%s.",
            run,
            own.evaluation.flip,
        )
        return None
    chosen_on = splits_of(own)
    if chosen_on is None or chosen_on.validation is None:
        return None
    if both := people_in_both(chosen_on.validation, tested.pictures):
        log.warning(
            "The threshold of %s is left out: it was chosen on %s, who is to be tested on.",
            run,
            both[0],
        )
        return None
    return read_judge(run)


def _contender(networks: Networks) -> Contender:
    return Contender(networks.embedder, networks.comparison)


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


def _device(accelerator: str) -> torch.device:
    return torch.device("cuda" if accelerator != "cpu" and torch.cuda.is_available() else "cpu")
