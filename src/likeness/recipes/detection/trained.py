"""A detector that a run trained, ready to find faces."""

from pathlib import Path
from typing import NamedTuple

from likeness.config.schema.detection import DetectionConfig
from likeness.errors import LikenessError
from likeness.models.detectors import Detector
from likeness.recipes.choose import config_of
from likeness.recipes.detection.build import build_trained


class TrainedDetector(NamedTuple):
    """The detector of a run, and the least score of a face that the run was measured with."""

    detector: Detector
    score: float


def trained_detector(run: Path) -> TrainedDetector:
    """The detector of the last checkpoint in a run's folder.

    Raises:
        LikenessError: it is no run's folder, or trained something else, or has no checkpoint.
    """
    config = config_of(run)
    if not isinstance(config, DetectionConfig):
        raise LikenessError(f"{run} did not train a detector; name a run of task=mtcnn or its like.")
    return TrainedDetector(build_trained(config, run).detector, config.evaluation.score)
