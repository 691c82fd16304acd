"""The operating point that a run's folder keeps, `operating_point.json`."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from likeness.errors import LikenessError
from likeness.evaluation import Calibration, OperatingPoint
from likeness.runs.record.folder import OPERATING_POINT, finite, operating_point_file, write_json
from likeness.runs.record.sealed import SealedFiles
from likeness.runs.training.checkpoints import measured_step


def write_operating_point(folder: Path, point: OperatingPoint) -> dict[str, float | None]:
    """Keep the operating point in a run's folder; returns what was written."""
    kept = plain_operating_point(point)
    write_json(folder / OPERATING_POINT, kept)
    return kept


def plain_operating_point(point: OperatingPoint) -> dict[str, float | None]:
    """An operating point as plain JSON; None is NaN there."""
    content = {**point._asdict(), **point.calibration._asdict()}
    del content["calibration"]
    kept: dict[str, float | None] = finite(content)
    return kept


def operating_point_in(kept: Mapping[str, Any], place: Path) -> OperatingPoint:
    """The operating point that `plain_operating_point` made plain.

    Raises:
        LikenessError: what `place` holds is none.
    """
    try:
        threshold = math.nan if kept["threshold"] is None else float(kept["threshold"])
        calibration = Calibration(kept["scale"], kept["bias"])
        return OperatingPoint(calibration, threshold, kept["far"], kept["negatives"])
    except (ValueError, KeyError, TypeError) as error:
        raise LikenessError(f"{place} can't be read ({type(error).__name__}): it was altered.") from error


def read_operating_point(folder: Path, step: int | None = None) -> OperatingPoint | None:
    """The operating point of a run, or None where it has none.

    It was chosen by the weights that the run hands on, so that another checkpoint, of a `step`, has none.

    Raises:
        LikenessError: its file is not the one that is recorded, or is damaged.
    """
    files, path = SealedFiles(folder), operating_point_file(folder)
    if not files.has(path.name) or (step is not None and step != measured_step(folder)):
        return None
    return operating_point_in(files.read_json(path.name), path)
