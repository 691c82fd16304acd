"""Figures of an evaluation: each function returns a Matplotlib figure, apart from pyplot's global state."""

from likeness.evaluation.figures.cumulative_errors import cumulative_error_figure
from likeness.evaluation.figures.detected_faces import DetectedImage, detected_figure
from likeness.evaluation.figures.distance_histograms import distance_figure
from likeness.evaluation.figures.embedding_map import embedding_figure
from likeness.evaluation.figures.faces_by_height import height_figure
from likeness.evaluation.figures.fddb_curves import fddb_figure
from likeness.evaluation.figures.hardest_pairs import hardest_figure, hardest_pairs
from likeness.evaluation.figures.layers_known import KnownByLayer, layers_figure
from likeness.evaluation.figures.objective_curve import Point, objective_figure
from likeness.evaluation.figures.one_shot_groups import one_shot_figure
from likeness.evaluation.figures.overlaid_curves import overlaid_figure
from likeness.evaluation.figures.parallel_coordinates import Axis, parallel_figure
from likeness.evaluation.figures.precision_recall_curves import precision_recall_figure
from likeness.evaluation.figures.reliability_diagram import reliability_figure
from likeness.evaluation.figures.roc_curves import roc_figure
from likeness.evaluation.figures.style_sheet import style_grid, style_sheet
from likeness.evaluation.figures.training_curves import Curve, curves_figure
from likeness.evaluation.figures.wanted_rates import WantedRate, wanted_rates_figure

__all__ = [
    "Axis",
    "Curve",
    "DetectedImage",
    "KnownByLayer",
    "Point",
    "WantedRate",
    "cumulative_error_figure",
    "curves_figure",
    "detected_figure",
    "distance_figure",
    "embedding_figure",
    "fddb_figure",
    "hardest_figure",
    "hardest_pairs",
    "height_figure",
    "layers_figure",
    "objective_figure",
    "one_shot_figure",
    "overlaid_figure",
    "parallel_figure",
    "precision_recall_figure",
    "reliability_figure",
    "roc_figure",
    "style_grid",
    "style_sheet",
    "wanted_rates_figure",
]
