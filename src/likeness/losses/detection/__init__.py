"""Losses of detectors: of boxes, of points, of faces against background, and which of the examples enter."""

from .boxes import huber, smooth_l1
from .centres import CentreLoss, centre_loss, moved_centres
from .hard_examples import (
    NEGATIVES_PER_POSITIVE,
    SHARE,
    drawn_balanced,
    hard_negatives,
    hardest_balanced,
    hardest_share,
)
from .logistic import BACKGROUND, FACE, IGNORED, logistic_loss
from .points import point_distances

__all__ = [
    "BACKGROUND",
    "FACE",
    "IGNORED",
    "NEGATIVES_PER_POSITIVE",
    "SHARE",
    "CentreLoss",
    "centre_loss",
    "drawn_balanced",
    "hard_negatives",
    "hardest_balanced",
    "hardest_share",
    "huber",
    "logistic_loss",
    "moved_centres",
    "point_distances",
    "smooth_l1",
]
