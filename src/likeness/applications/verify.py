"""Whether two images are of one identity, by a run's encoder and the operating point that was chosen on its validation
identities.
"""

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from likeness.applications.encoder import TrainedEncoder
from likeness.applications.face_in import face_in
from likeness.data.decode import decode
from likeness.errors import LikenessError
from likeness.evaluation import OperatingPoint
from likeness.models.detectors import Detector


class Verification(NamedTuple):
    """The decision on two images, what it was read off, and the operating point that gave it."""

    same: bool
    probability: float
    distance: float
    unit: str
    operating_point: OperatingPoint

    def __str__(self) -> str:
        identity, side = ("the same identity", "below") if self.same else ("two identities", "not below")
        point = self.operating_point
        return (
            f"{identity}\n"
            f"probability  {self.probability:.1%} that it is one identity, at even odds before\n"
            f"distance     {self.distance:.4g} ({self.unit}), {side} the threshold {point.threshold:.4g}\n"
            f"threshold    at {point.far:.2%} false accept rate (chosen on {point.negatives:,} pairs of two identities)"
        )


def verify(
    encoder: TrainedEncoder, run: Path, first: Path, second: Path, detector: Detector | None = None
) -> Verification:
    """Decide on two images by the encoder of a run and its operating point.

    Args:
        encoder: the run's.
        run: its folder.
        first: an image.
        second: another.
        detector: what finds the faces in photographs, of which the largest is aligned; None for images that are cropped
            and aligned already.

    Raises:
        LikenessError: an image can't be read or shows no face, or the run has no operating point or no threshold.
    """
    point = encoder.operating_point
    if point is None:
        raise LikenessError(
            f"{run} has chosen no threshold for these weights: it did not finish, they are another checkpoint's, or "
            "it had no validation identities; data.split's second share gives it some."
        )
    if math.isnan(point.threshold):
        raise LikenessError(
            f"{run} has no threshold for a false accept rate of {point.far:g}: its {point.negatives} validation pairs "
            "of two identities were too few; train with a larger evaluation.far or more evaluation.pairs."
        )
    size, channels = encoder.config.backbone.spatial_size, encoder.config.backbone.channels
    try:
        images = [
            decode(path, spatial_size=size, channels=channels)
            if detector is None
            else face_in(path, detector, spatial_size=size, channels=channels)
            for path in (first, second)
        ]
    except ValueError as error:
        raise LikenessError(f"{run} was not trained on images: {error}.") from error
    embeddings = encoder.encode(torch.stack(images)).numpy()
    distance = encoder.comparison.pairs(embeddings, np.array([0]), np.array([1]))
    probability = float(point.calibration.probability(distance)[0])
    value = float(distance[0])
    return Verification(value < point.threshold, probability, value, encoder.comparison.unit, point)
