"""How an encoding is measured: pure functions over arrays."""

from .bootstrap import Interval, PairIntervals, pair_intervals, query_intervals
from .distance import pair_distances
from .metric import Metric
from .pairs import DrawnPairs, balanced_pairs
from .retrieval import QueryScores, query_scores
from .roc import Roc, area, equal_error_rate, roc, tar_at_far
from .summary import FALSE_ACCEPT_RATES, evaluate_pairs, evaluate_retrieval
from .verification import FoldAccuracy, best_threshold, fold_accuracy

__all__ = [
    "FALSE_ACCEPT_RATES",
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
