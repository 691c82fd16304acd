"""Whether two images are of one identity, by a run's encoder and the operating point that was chosen on its validation
identities.
"""

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from likeness.config.schema.embedding import EmbeddingConfig
from likeness.data.decode import decode
from likeness.errors import LikenessError
from likeness.evaluation import OperatingPoint
from likeness.recipes.embedding.build import build_trained
from likeness.recipes.embedding.encode import encode_images
from likeness.recipes.embedding.operating_point import read_operating_point


class Verification(NamedTuple):
    """The decision on two images, what it was read off, and the operating point that gave it."""

    same: bool
    probability: float
    distance: float
    unit: str
    operating_point: OperatingPoint

    def __str__(self) -> str:
        person, side = ("the same person", "below") if self.same else ("two people", "not below")
        point = self.operating_point
        return (
            f"{person}\n"
            f"probability  {self.probability:.1%} that it is one person, at even odds before\n"
            f"distance     {self.distance:.4g} ({self.unit}), {side} the threshold {point.threshold:.4g}\n"
            f"threshold    at {point.far:.2%} false accept rate (chosen on {point.negatives:,} pairs of two people)"
        )


def verify(config: EmbeddingConfig, run: Path, first: Path, second: Path) -> Verification:
    """Decide on two images by the run of a configuration.

    Raises:
        LikenessError: an image can't be read, or the run has no operating point or no threshold.
    """
    point = read_operating_point(run)
    if point is None:
        raise LikenessError(
            f"{run} has chosen no threshold: it did not finish, or had no validation identities; data.split's second "
            "share gives it some."
        )
    if math.isnan(point.threshold):
        raise LikenessError(
            f"{run} has no threshold for a false accept rate of {point.far:g}: its {point.negatives} validation pairs "
            "of two people were too few; train with a larger evaluation.far or more evaluation.pairs."
        )
    image_size, channels = config.backbone.image_size, config.backbone.channels
    images = torch.stack([decode(path, image_size=image_size, channels=channels) for path in (first, second)])
    networks = build_trained(config, run).ready(torch.device("cpu"))
    with torch.inference_mode():
        embeddings = encode_images(networks.embedder.in_turns, images, flip=config.evaluation.flip).numpy()
    comparison = networks.comparison
    distance = comparison.pairs(embeddings, np.array([0]), np.array([1]))
    probability = float(point.calibration.probability(distance)[0])
    value = float(distance[0])
    return Verification(value < point.threshold, probability, value, comparison.unit, point)
