"""From a distance to the probability that a pair is of one identity, and whether such probabilities are true."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likeness.evaluation.arrays import array, finite, labels, two_classes


class Calibration(NamedTuple):
    """`p = sigmoid(bias - scale * distance)`, of a pair that is as likely of one identity as of two."""

    scale: float
    bias: float

    def probability(self, distance: ArrayLike) -> NDArray[np.float64]:
        """The probability `[M]` that pairs at these distances `[M]` are of one identity."""
        from scipy.special import expit

        return np.asarray(expit(self.bias - self.scale * array(distance)), dtype=np.float64)


class Reliability(NamedTuple):
    """Pairs by their probability, in bins of one width: each bin's mean `probability [B]`, the `share [B]` of them that
    are of one identity, and how many `pairs [B]` they are; bins without a pair are left out.
    """

    probability: NDArray[np.float64]
    share: NDArray[np.float64]
    pairs: NDArray[np.int64]


def fit_calibration(distance: ArrayLike, same: ArrayLike) -> Calibration:
    """The calibration of distances `[M]` (smaller means more alike) over `same [M]`, both kinds weighing one half.

    Logistic regression towards (N+ + 1) / (N+ + 2) and 1 / (N- + 2) rather than 1 and 0, so that distances which part
    the kinds give no infinite scale (Platt 1999, "Probabilistic Outputs for Support Vector Machines", section 2.2).
    """
    from scipy.optimize import minimize  # half a second, and only who fits needs it
    from scipy.special import expit

    values = finite(distance, "distance", 1)
    kinds = two_classes(same, len(values))
    count = np.array([np.count_nonzero(~kinds), np.count_nonzero(kinds)])
    target = np.where(kinds, (count[1] + 1) / (count[1] + 2), 1 / (count[0] + 2))
    weight = 0.5 / count[kinds.astype(np.int64)]
    centre, spread = values.mean(), values.std() or 1.0
    scaled = (values - centre) / spread

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        odds = parameters[1] - parameters[0] * scaled
        error = weight * (expit(odds) - target)
        cost = weight @ (np.logaddexp(0, odds) - target * odds)
        return float(cost), np.array([-error @ scaled, error.sum()])

    found = minimize(
        loss,
        np.array([1.0, 0.0]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, None), (None, None)],  # what is farther is never more likely of one identity
        options={"gtol": 1e-10, "ftol": 1e-16},
    )
    scale, bias = found.x
    return Calibration(float(scale / spread), float(bias + scale * centre / spread))


def reliability(probability: ArrayLike, same: ArrayLike, bins: int = 15) -> Reliability:
    """How often pairs given a probability `[M]` are of one identity, `same [M]`: the diagram of Guo et al. 2017."""
    values = finite(probability, "probability", 1)
    kinds = labels(same, "same", len(values))
    place = _bins(values, bins)
    count = np.bincount(place, minlength=bins)
    there = count > 0
    mean, share = (np.bincount(place, each, bins)[there] / count[there] for each in (values, kinds))
    return Reliability(mean, share, count[there])


def expected_calibration_error(probability: ArrayLike, same: ArrayLike, bins: int = 15) -> float:
    """The mean gap between probability `[M]` and share of `same [M]` over the bins, by their pairs.

    Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3. It is never negative, so that chance alone
    makes it larger than 0, and resampling larger still: it has no interval by a bootstrap.
    """
    found = reliability(probability, same, bins)
    return float(found.pairs @ np.abs(found.share - found.probability) / found.pairs.sum())


def _bins(probability: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    return np.minimum((probability * bins).astype(np.int64), bins - 1)
