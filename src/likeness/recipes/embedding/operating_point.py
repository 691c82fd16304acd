"""The operating point of a run, `operating_point.json`: the threshold on its distances, and their calibration.

Both are chosen on its validation identities alone.
"""

import json
import math
from pathlib import Path

import torch

from likeness.config.schema.embedding import EmbeddingConfig
from likeness.data.skipping import SkippingUnreadable
from likeness.errors import LikenessError
from likeness.evaluation import Calibration, OperatingPoint, choose_operating_point
from likeness.recipes.embedding.build import drawn_pairs
from likeness.recipes.embedding.encode import encode
from likeness.recipes.embedding.measure import Encoder, rows_of
from likeness.runs.record.folder import OPERATING_POINT, finite, operating_point_file, write_json


def operating_point_on(
    encoder: Encoder, validation: SkippingUnreadable, config: EmbeddingConfig, *, device: torch.device
) -> OperatingPoint:
    """The operating point of an encoder, on balanced pairs of the validation images that are drawn by the seed.

    Raises:
        LikenessError: too few of the images could be read.
    """
    settings = config.evaluation
    images, embeddings = encode(
        encoder.encode,
        validation,
        device=device,
        batch_size=settings.batch_size,
        workers=config.loader.workers,
        flip=settings.flip,
    )
    pairs = rows_of(drawn_pairs(validation, config), images)
    try:
        distance = encoder.comparison.pairs(embeddings, pairs.first, pairs.second)
        return choose_operating_point(distance, pairs.same, settings.far)
    except ValueError as error:
        raise LikenessError(f"No threshold can be chosen on the validation identities: {error}.") from error


def write_operating_point(folder: Path, point: OperatingPoint) -> dict[str, float | None]:
    """Keep the operating point in a run's folder; returns what was written."""
    content = {**point._asdict(), **point.calibration._asdict()}
    del content["calibration"]
    kept: dict[str, float | None] = finite(content)
    write_json(folder / OPERATING_POINT, kept)
    return kept


def read_operating_point(folder: Path) -> OperatingPoint | None:
    """The operating point of a run, or None where it has none.

    Raises:
        LikenessError: its file is damaged.
    """
    path = operating_point_file(folder)
    if not path.is_file():
        return None
    try:
        kept = json.loads(path.read_text())
        threshold = math.nan if kept["threshold"] is None else float(kept["threshold"])
        calibration = Calibration(kept["scale"], kept["bias"])
        return OperatingPoint(calibration, threshold, kept["far"], kept["negatives"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LikenessError(f"{path} can't be read ({type(error).__name__}): it was altered.") from error
