"""Whether two pictures are of one person, by a run's encoder and the judge that was chosen on its validation people."""

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from omegaconf import DictConfig

from likeness.data.decode import decode
from likeness.errors import LikenessError
from likeness.evaluation import Judge
from likeness.recipes.embedding.build import build_trained
from likeness.recipes.embedding.encode import encode_images
from likeness.recipes.embedding.operating_point import read_judge


class Verification(NamedTuple):
    """The verdict on two pictures, what it was read off, and the judge who gave it."""

    same: bool
    probability: float
    distance: float
    unit: str
    judge: Judge

    def __str__(self) -> str:
        person, side = ("the same person", "below") if self.same else ("two people", "not below")
        threshold, far, negatives = self.judge.threshold, self.judge.far, self.judge.negatives
        return (
            f"{person}\n"
            f"probability  {self.probability:.1%} that it is one person, if that was as likely as not before\n"
            f"distance     {self.distance:.4g} ({self.unit}), {side} the threshold {threshold:.4g}\n"
            f"threshold    takes at most {far:.2%} of pairs of two people for one (chosen on {negatives:,} of them)"
        )


def verify(config: DictConfig, run: Path, first: Path, second: Path) -> Verification:
    """Judge two pictures by the run of a configuration.

    Raises:
        LikenessError: a picture can't be read, or the run has no judge or no threshold.
    """
    judge = read_judge(run)
    if judge is None:
        raise LikenessError(
            f"{run} has chosen no threshold: it did not finish, or had no validation people; data.split's second share "
            "gives it some."
        )
    if math.isnan(judge.threshold):
        raise LikenessError(
            f"{run} has no threshold for a false accept rate of {judge.far:g}: its {judge.negatives} validation pairs "
            "of two people were too few; train with a larger evaluation.far or more evaluation.pairs."
        )
    size = {"image_size": config.backbone.image_size, "channels": config.backbone.channels}
    images = torch.stack([decode(path, **size) for path in (first, second)])
    networks = build_trained(config, run).ready(torch.device("cpu"))
    with torch.inference_mode():
        encodings = encode_images(networks.embedder.in_turns, images, flip=config.evaluation.flip).numpy()
    comparison = networks.comparison
    distance = comparison.pairs(encodings, np.array([0]), np.array([1]))
    probability = float(judge.calibration.probability(distance)[0])
    value = float(distance[0])
    return Verification(value < judge.threshold, probability, value, comparison.unit, judge)
