"""The detection cost function of NIST's speaker recognition evaluations."""

import numpy as np
from numpy.typing import NDArray

from likeness.evaluation.roc import Roc


def minimum_detection_cost(
    curve: Roc, *, target: float, miss: float = 1.0, false_accept: float = 1.0
) -> NDArray[np.float64]:
    """The smallest normalised detection cost at any threshold, `[]` (with R sets of weights `[R]`): minDCF.

    At each point of the curve, with the share of pairs of one identity `target`,

        C = miss * (1 - TAR) * target + false_accept * FAR * (1 - target)

    divided by what accepting none or all would cost, min(miss * target, false_accept * (1 - target)) (NIST SRE 2010
    evaluation plan, section 3.1; `target=0.01`, costs of 1). Every threshold that changes a decision is a point, so the
    minimum is exact, and costs one pass over the sorted distances.

    Raises:
        ValueError: a share that is not between 0 and 1, or a cost that is not positive.
    """
    if not 0 < target < 1 or miss <= 0 or false_accept <= 0:
        raise ValueError(
            f"target={target} lies between 0 and 1, and the costs {miss}, {false_accept} above 0"
        )
    cost = miss * target * (1 - curve.tar) + false_accept * (1 - target) * curve.far
    return np.asarray(cost.min(axis=0) / min(miss * target, false_accept * (1 - target)))
