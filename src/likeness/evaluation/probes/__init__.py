"""What a linear classifier, or a nearest neighbour, makes of features that stay as they are: pure functions."""

from likeness.evaluation.probes.columns import logistic_hits, nearest_hits
from likeness.evaluation.probes.halves import Halves, halves_of
from likeness.evaluation.probes.probe import PENALTIES, Probed, Problem, probed
from likeness.evaluation.probes.ridge import Moments, Ridge, fit_ridges

__all__ = [
    "PENALTIES",
    "Halves",
    "Moments",
    "Probed",
    "Problem",
    "Ridge",
    "fit_ridges",
    "halves_of",
    "logistic_hits",
    "nearest_hits",
    "probed",
]
