"""How an embedding is measured: pure functions over arrays."""

from likeness.evaluation.bootstrap import Interval, PairIntervals, pair_intervals, query_intervals
from likeness.evaluation.calibration import (
    Calibration,
    expected_calibration_error,
    fit_calibration,
    reliability,
)
from likeness.evaluation.comparison import EUCLIDEAN, Comparison
from likeness.evaluation.decision import OperatingPoint, choose_operating_point, evaluate_operating_point
from likeness.evaluation.distance import pair_distances
from likeness.evaluation.episodes import Episodes, episodes_across, episodes_within, trials_as_episodes
from likeness.evaluation.metric import Metric
from likeness.evaluation.nearest import evaluate_classification
from likeness.evaluation.one_shot import episode_distances, evaluate_one_shot, one_shot_scores
from likeness.evaluation.pairs import DrawnPairs, balanced_pairs
from likeness.evaluation.retrieval import QueryScores, query_scores
from likeness.evaluation.roc import Roc, area, equal_error_rate, roc, tar_at_far, threshold_at_far
from likeness.evaluation.summary import (
    FALSE_ACCEPT_RATES,
    evaluate_detection_cost,
    evaluate_pairs,
    evaluate_retrieval,
)
from likeness.evaluation.verification import FoldAccuracy, best_threshold, fold_accuracy

__all__ = [
    "EUCLIDEAN",
    "FALSE_ACCEPT_RATES",
    "Calibration",
    "Comparison",
    "DrawnPairs",
    "Episodes",
    "FoldAccuracy",
    "Interval",
    "Metric",
    "OperatingPoint",
    "PairIntervals",
    "QueryScores",
    "Roc",
    "area",
    "balanced_pairs",
    "best_threshold",
    "choose_operating_point",
    "episode_distances",
    "episodes_across",
    "episodes_within",
    "equal_error_rate",
    "evaluate_classification",
    "evaluate_detection_cost",
    "evaluate_one_shot",
    "evaluate_operating_point",
    "evaluate_pairs",
    "evaluate_retrieval",
    "expected_calibration_error",
    "fit_calibration",
    "fold_accuracy",
    "one_shot_scores",
    "pair_distances",
    "pair_intervals",
    "query_intervals",
    "query_scores",
    "reliability",
    "roc",
    "tar_at_far",
    "threshold_at_far",
    "trials_as_episodes",
]
