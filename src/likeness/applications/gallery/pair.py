"""Do two images show one subject? By a gallery's encoder and its cohort, whoever is enrolled."""

from typing import NamedTuple

import numpy as np

from likeness.applications.gallery.claim import ClaimPoint, claim_point
from likeness.applications.gallery.compare import Encodings, Templates, Way, distances
from likeness.applications.gallery.encoder_identity import normalises
from likeness.applications.gallery.store import Store
from likeness.evaluation import Comparison


class PairDecision(NamedTuple):
    """The decision on two images, what it was read off, and the operating point that gave it."""

    same: bool
    probability: float
    distance: float
    unit: str
    chosen: ClaimPoint


def decide_pair(store: Store, comparison: Comparison, encodings: Encodings, *, far: float) -> PairDecision:
    """Decide whether two images, of `encodings [2, D]`, show one subject: a claim to somebody of one template.

    Raises:
        LikenessError: no threshold can be chosen for this false accept rate.
    """
    contents = store.contents()
    settings = contents.settings
    way = Way(comparison, settings.score, normalises(settings.encoder))
    chosen = claim_point(contents.cohort, way, 1, far, store.name)
    one = Templates(encodings[1:2], np.zeros(1, np.int64))
    distance = distances(encodings[:1], one, way)[0]
    probability = float(chosen.point.calibration.probability(distance)[0])
    value = float(distance[0])
    return PairDecision(value < chosen.point.threshold, probability, value, comparison.unit, chosen)
