"""Measure an encoder that is there already on some data."""

import logging
from collections.abc import Sequence
from pathlib import Path

from likeness.config.check import check
from likeness.config.overrides import overridden, touches
from likeness.config.schema.embedding import EmbeddingConfig, EvaluateConfig
from likeness.recipes.embedding.as_in_run import composed_as_in
from likeness.recipes.embedding.build import test_data
from likeness.recipes.embedding.encoders import of_file, of_trained
from likeness.recipes.embedding.family import EMBEDDING
from likeness.recipes.embedding.inputs import fingerprints
from likeness.recipes.embedding.measure import Encoder, TestData, measure
from likeness.recipes.embedding.onnx_evaluation import onnx_evaluation
from likeness.recipes.embedding.readable import build_data
from likeness.recipes.embedding.results import conclude
from likeness.recipes.embedding.trained import trained_at
from likeness.recipes.evaluation_overrides import parsed_for_evaluation
from likeness.runs.record.data_files import listed_as
from likeness.runs.record.handed_on import said_of_run
from likeness.runs.record.recording import recorded
from likeness.runs.report.write import write_report
from likeness.runs.training.devices import device_of

log = logging.getLogger("likeness")


def evaluate_file(path: Path, overrides: Sequence[str], trust: Sequence[str] = ()) -> Path:
    """Measure the encoder of an ONNX file on the data that `overrides` choose; returns the new run's folder.

    `trust` are the packages whose parts the overrides may name.

    Raises:
        LikenessError: what a user can mend.
    """
    parsed_for_evaluation(overrides)
    checked = onnx_evaluation(path, overrides, trust)
    tested = test_data(build_data(checked.data), checked)
    encoder, weights = of_file(checked, path)
    return _measured(checked, path, encoder, weights, tested)


def evaluate_run(
    run: Path, overrides: Sequence[str], trust: Sequence[str] = (), step: int | None = None
) -> Path:
    """Measure a run's encoder on the data that `overrides` choose, by default those that it was tested on.

    Args:
        run: the run's folder, or a file that was exported from it.
        overrides: of `conf/evaluate.yaml`.
        trust: packages beside those of the run whose parts the overrides may name.
        step: of a checkpoint to take in place of the last.

    Returns:
        The folder of the new run.

    Raises:
        LikenessError: what a user can mend.
    """
    trained = trained_at(run, trust, step)
    if step is not None and trained.operating_point is None:
        log.warning(
            "The threshold of %s is left out: it was not chosen by the checkpoint of step %d.", run, step
        )
    config = evaluation_of(trained.config, overrides, trust)
    tested = test_data(build_data(config.data), config)
    encoder, weights = of_trained(config, trained, run, tested)
    said = said_of_run(run) if step is None and run.is_dir() else None
    return _measured(config, run, encoder, weights, tested, said)


def evaluation_of(
    own: EmbeddingConfig, overrides: Sequence[str], trust: Sequence[str] = ()
) -> EvaluateConfig:
    """The evaluation that `overrides` choose, with the network of a run of the configuration `own`.

    What the overrides leave open is as it was in the run: the data that it was tested on, its episodes, its
    identification, the mirrored images and the number of queries.

    Raises:
        LikenessError: an override names nothing that there is, or would change the network.
    """
    given = parsed_for_evaluation(overrides)
    config, later = composed_as_in(own, "evaluate", given, ("data", "episodes", "identification"))
    for key in ("flip", "queries"):
        if not any(touches(one, f"evaluation.{key}") for one in given):
            config["evaluation"][key] = getattr(own.evaluation, key)
    config["trust"] = [*own.trust, *(one for one in trust if one not in own.trust)]
    return check(overridden(config, later, "the evaluation"), EvaluateConfig)


def _measured(
    config: EvaluateConfig,
    source: Path,
    encoder: Encoder,
    weights: str,
    tested: TestData,
    which: str | None = None,
) -> Path:
    """Measure an encoder; `which` of its weights are taken is said and recorded where there is more to it."""
    data = fingerprints({"test": tested.samples}, tested)
    with recorded(config, data, listed_as(config.data, [tested.samples.files()])) as run:
        run.outcome["encoder"] = {"path": str(source.resolve()), "sha256": weights}
        if which is not None:
            run.outcome["encoder"]["weights"] = which
            log.info("Measured of %s: %s.", source, which)
        measured = measure({source.stem: encoder}, tested, config, device=device_of("auto"))
        conclude(run, measured, tested)
    write_report(run.folder, EMBEDDING.presentation)
    return run.folder
