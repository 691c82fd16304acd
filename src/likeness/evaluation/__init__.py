"""How an encoding is measured: pure functions over arrays."""

from likeness.evaluation.bootstrap import Interval, PairIntervals, pair_intervals, query_intervals
from likeness.evaluation.comparison import EUCLIDEAN, Comparison
from likeness.evaluation.distance import pair_distances
from likeness.evaluation.metric import Metric
from likeness.evaluation.pairs import DrawnPairs, balanced_pairs
from likeness.evaluation.retrieval import QueryScores, query_scores
from likeness.evaluation.roc import Roc, area, equal_error_rate, roc, tar_at_far
from likeness.evaluation.summary import FALSE_ACCEPT_RATES, evaluate_pairs, evaluate_retrieval
from likeness.evaluation.verification import FoldAccuracy, best_threshold, fold_accuracy

__all__ = [
    "EUCLIDEAN",
    "FALSE_ACCEPT_RATES",
    "Comparison",
    "DrawnPairs",
    "FoldAccuracy",
    "Interval",
    "Metric",
    "PairIntervals",
    "QueryScores",
    "Roc",
    "area",
    "balanced_pairs",
    "best_threshold",
    "equal_error_rate",
    "evaluate_pairs",
    "evaluate_retrieval",
    "fold_accuracy",
    "pair_distances",
    "pair_intervals",
    "query_intervals",
    "query_scores",
    "roc",
    "tar_at_far",
]
