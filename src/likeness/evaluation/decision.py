"""A verdict on pairs: a probability and a threshold that were chosen on other identities."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import finite, two_classes
from likeness.evaluation.bootstrap import weighted_intervals
from likeness.evaluation.calibration import Calibration, expected_calibration_error, fit_calibration
from likeness.evaluation.metric import Metric
from likeness.evaluation.roc import roc, threshold_at_far


class OperatingPoint(NamedTuple):
    """A decision threshold on distances, and how they become probabilities.

    A pair nearer than `threshold` is taken for one identity; that is the loosest threshold at which at most a share
    `far` of the `negatives` pairs of two identities was, on which it was chosen; NaN where those were too few to tell.
    """

    calibration: Calibration
    threshold: float
    far: float
    negatives: int


def choose_operating_point(distance: ArrayLike, same: ArrayLike, far: float) -> OperatingPoint:
    """The operating point of distances `[M]` over `same [M]`, of identities that nothing else is measured on."""
    curve = roc(distance, same)
    threshold = threshold_at_far(curve, far)
    return OperatingPoint(fit_calibration(distance, same), threshold, far, curve.negatives)


def evaluate_operating_point(
    operating_point: OperatingPoint,
    distance: ArrayLike,
    same: ArrayLike,
    first_identity: ArrayLike,
    second_identity: ArrayLike,
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Metric]:
    """What the decisions at an operating point are worth on M pairs, all arguments `[M]`.

    `calibration/ece` is the expected calibration error of its probabilities. `decision/far` and `decision/tar` are the
    shares of the pairs of two identities and of one that it takes for one identity; they count those pairs, have
    intervals over identities, and are NaN where there is no threshold.
    """
    values = finite(distance, "distance", 1)
    kinds = two_classes(same, len(values))
    error = expected_calibration_error(operating_point.calibration.probability(values), kinds)
    positives = int(np.count_nonzero(kinds))
    counts = {"decision/far": len(values) - positives, "decision/tar": positives}
    result = {"calibration/ece": Metric(error, len(values))}
    if np.isnan(operating_point.threshold):
        return result | {name: Metric(np.nan, count) for name, count in counts.items()}
    accepted = values < operating_point.threshold

    def rates(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(invalid="ignore"):
            return np.stack([(accepted & kind) @ weights / (kind @ weights) for kind in (~kinds, kinds)])

    measured = rates(np.ones((len(values), 1)))[:, 0].tolist()
    intervals = weighted_intervals(rates, first_identity, second_identity, resamples=resamples, seed=seed)
    for (name, count), rate, interval in zip(counts.items(), measured, intervals, strict=True):
        result[name] = Metric(rate, count, *interval)
    return result
