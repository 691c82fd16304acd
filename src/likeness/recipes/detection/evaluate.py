"""Measure a detector that was trained already on some images."""

from collections.abc import Sequence
from pathlib import Path

from likeness.config.check import check
from likeness.config.compose import composed
from likeness.config.make import make, plain
from likeness.config.overrides import overridden, touches
from likeness.config.schema.base import Node
from likeness.config.schema.detection import DetectionConfig, DetectionEvaluateConfig
from likeness.data.faces import SceneSplits
from likeness.data.readable_scenes import ReadableScenes
from likeness.errors import LikenessError
from likeness.recipes.detection.build import build_trained
from likeness.recipes.detection.family import DETECTION
from likeness.recipes.detection.results import report_on, tested_on
from likeness.recipes.evaluation_overrides import parsed_for_evaluation
from likeness.runs.record.data_files import listed_as
from likeness.runs.record.recording import recorded
from likeness.runs.report.write import write_report
from likeness.runs.training.checkpoints import hash_of


def evaluate_run(
    run: Path,
    own: DetectionConfig,
    overrides: Sequence[str],
    trust: Sequence[str] = (),
    step: int | None = None,
) -> Path:
    """Measure a run's detector on the images that `overrides` choose, by default those that it was tested on.

    Args:
        run: the run's folder.
        own: its configuration.
        overrides: of `conf/evaluate_detection.yaml`.
        trust: packages beside those of the run whose parts the overrides may name.
        step: of a checkpoint to take in place of the last.

    Returns:
        The folder of the new run.

    Raises:
        LikenessError: what a user can mend.
    """
    config = evaluation_of(own, overrides, trust)
    splits: SceneSplits = make(config.data)
    if splits.test is None:
        raise LikenessError(
            f"{config.data.place} has no images to test on; give its split a share for the test, or choose other data."
        )
    tested = tested_on(config.data, ReadableScenes(splits.test))
    task = build_trained(own, run, step)
    data, files = {"test": tested.scenes.fingerprint()}, listed_as(config.data, [tested.scenes.files()])
    with recorded(config, data, files) as recording:
        weights = hash_of(task.network.state_dict())
        recording.outcome["detector"] = {"path": str(run.resolve()), "sha256": weights}
        report_on(recording, task, config, tested)
    write_report(recording.folder, DETECTION.presentation)
    return recording.folder


def evaluation_of(
    own: DetectionConfig, overrides: Sequence[str], trust: Sequence[str] = ()
) -> DetectionEvaluateConfig:
    """The evaluation that `overrides` choose; what they leave open is as it was in the run.

    Raises:
        LikenessError: an override names nothing that there is.
    """
    given = parsed_for_evaluation(overrides)
    kept: dict[str, Node] = {"evaluation": own.evaluation}
    if not any(one.key_or_group == "data" for one in given):
        kept["data"] = own.test_data or own.data
    later = [one for one in given if any(touches(one, part) for part in kept)]
    now = [str(one.input_line) for one in given if one not in later]
    config = plain(composed("evaluate_detection", now))
    for part, node in kept.items():
        config[part] = node.plain()
    config["trust"] = [*own.trust, *(one for one in trust if one not in own.trust)]
    return check(overridden(config, later, "the evaluation"), DetectionEvaluateConfig)
