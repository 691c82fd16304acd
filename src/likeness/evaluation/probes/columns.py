"""What stands beside the ridge: logistic regression and the nearest neighbour, by scikit-learn."""

import warnings

import numpy as np
from numpy.typing import NDArray

STEPS = 100
"""Of logistic regression's optimiser: where it has not converged by then, accuracy no longer changes much."""


def logistic_hits(
    learned: NDArray[np.float64],
    label: NDArray[np.int64],
    asked: NDArray[np.float64],
    truth: NDArray[np.int64],
    *,
    penalty: float,
) -> NDArray[np.bool_]:
    """Whether multinomial logistic regression on standardised samples `[F, D]` is right about each of `asked [S, D]`.

    The penalty is half of that times the squared weights, beside the mean loss of a sample.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1 / (penalty * len(learned)), max_iter=STEPS, tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(learned.astype(np.float32), label)
    hits: NDArray[np.bool_] = model.predict(asked.astype(np.float32)) == truth
    return hits


def nearest_hits(
    learned: NDArray[np.float64],
    label: NDArray[np.int64],
    asked: NDArray[np.float64],
    truth: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Whether the nearest of the standardised samples `[F, D]` is of the class of each of `asked [S, D]`."""
    from sklearn.neighbors import KNeighborsClassifier

    model = KNeighborsClassifier(1, algorithm="brute").fit(learned, label)
    hits: NDArray[np.bool_] = model.predict(asked) == truth
    return hits
