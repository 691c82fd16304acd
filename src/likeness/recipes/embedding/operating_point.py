"""The judge of a run, `judge.json`: how its distances are judged, chosen on its validation people alone."""

import json
import math
from pathlib import Path

import torch
from omegaconf import DictConfig

from likeness.data.skipping import SkippingBroken
from likeness.errors import LikenessError
from likeness.evaluation import Calibration, Judge, choose_judge
from likeness.recipes.embedding.build import drawn_pairs
from likeness.recipes.embedding.encode import encode
from likeness.recipes.embedding.measure import Contender, rows_of
from likeness.runs.record.folder import JUDGE, finite, write_json


def judge_on(
    contender: Contender, validation: SkippingBroken, config: DictConfig, *, device: torch.device
) -> Judge:
    """The judge of a contender's distances, on balanced pairs of the validation people that are drawn by the seed.

    Raises:
        LikenessError: too few of their pictures could be read.
    """
    settings = config.evaluation
    pictures, embeddings = encode(
        contender.encoder,
        validation,
        device=device,
        batch_size=settings.batch_size,
        workers=config.loader.workers,
        flip=settings.flip,
    )
    pairs = rows_of(drawn_pairs(validation, config), pictures)
    try:
        distance = contender.comparison.pairs(embeddings, pairs.first, pairs.second)
        return choose_judge(distance, pairs.same, settings.far)
    except ValueError as error:
        raise LikenessError(f"No threshold can be chosen on the validation people: {error}.") from error


def write_judge(folder: Path, judge: Judge) -> dict[str, float | None]:
    """Keep the judge in a run's folder; returns what was written."""
    content = {**judge._asdict(), **judge.calibration._asdict()}
    del content["calibration"]
    kept: dict[str, float | None] = finite(content)
    write_json(folder / JUDGE, kept)
    return kept


def read_judge(folder: Path) -> Judge | None:
    """The judge of a run, or None where it has none.

    Raises:
        LikenessError: its file is damaged.
    """
    path = folder / JUDGE
    if not path.is_file():
        return None
    try:
        kept = json.loads(path.read_text())
        threshold = math.nan if kept["threshold"] is None else float(kept["threshold"])
        calibration = Calibration(kept["scale"], kept["bias"])
        return Judge(calibration, threshold, kept["far"], kept["negatives"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LikenessError(f"{path} can't be read ({type(error).__name__}): it was altered.") from error
