"""How a search in a gallery is measured, and the threshold that it takes: pure functions over distances."""

from likeness.evaluation.identification.blufr import evaluate_blufr
from likeness.evaluation.identification.calibrated import evaluate_calibrated
from likeness.evaluation.identification.closed_set import cumulative_match, rank_rate
from likeness.evaluation.identification.open_set import (
    evaluate_identification,
    open_set_curve,
    tpir_at_fpir,
    written,
)
from likeness.evaluation.identification.searches import Searches, joined, searches
from likeness.evaluation.identification.templates import best_template, mean_score, mean_templates
from likeness.evaluation.identification.thresholds import SearchThreshold, fewest_searches, search_threshold
from likeness.evaluation.identification.trial import (
    CalibratedTrial,
    OpenSetTrial,
    calibrated_trial,
    drawn_trial,
)

__all__ = [
    "CalibratedTrial",
    "OpenSetTrial",
    "SearchThreshold",
    "Searches",
    "best_template",
    "calibrated_trial",
    "cumulative_match",
    "drawn_trial",
    "evaluate_blufr",
    "evaluate_calibrated",
    "evaluate_identification",
    "fewest_searches",
    "joined",
    "mean_score",
    "mean_templates",
    "open_set_curve",
    "rank_rate",
    "search_threshold",
    "searches",
    "tpir_at_fpir",
    "written",
]
