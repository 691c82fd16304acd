"""How detected faces and their points are measured: pure functions over lists of arrays, one for each image."""

from likeness.evaluation.detection.fddb import (
    FddbRoc,
    box_overlaps,
    evaluate_fddb,
    fddb_roc,
    overlaps_that_count,
)
from likeness.evaluation.detection.height import FaceHeights, HeightRecall, face_heights, recall_by_height
from likeness.evaluation.detection.images import ImageFaces, checked_images
from likeness.evaluation.detection.matching import FOUND, NEITHER, WRONG, Matches, match
from likeness.evaluation.detection.metrics import (
    BANDS,
    AnnotatedFaces,
    FoundFaces,
    LandmarkErrors,
    columns,
    detection_metrics,
    landmark_errors,
)
from likeness.evaluation.detection.overlap import overlaps
from likeness.evaluation.detection.points import (
    FAILURE,
    CumulativeErrors,
    box_size,
    cumulative_errors,
    evaluate_points,
    eye_distance,
    normalised_errors,
)
from likeness.evaluation.detection.precision_recall import (
    PrecisionRecall,
    average_precision,
    evaluate_average_precision,
    precision_recall,
)
from likeness.evaluation.detection.wider import evaluate_wider, wider_precision_recall

__all__ = [
    "BANDS",
    "FAILURE",
    "FOUND",
    "NEITHER",
    "WRONG",
    "AnnotatedFaces",
    "CumulativeErrors",
    "FaceHeights",
    "FddbRoc",
    "FoundFaces",
    "HeightRecall",
    "ImageFaces",
    "LandmarkErrors",
    "Matches",
    "PrecisionRecall",
    "average_precision",
    "box_overlaps",
    "box_size",
    "checked_images",
    "columns",
    "cumulative_errors",
    "detection_metrics",
    "evaluate_average_precision",
    "evaluate_fddb",
    "evaluate_points",
    "evaluate_wider",
    "eye_distance",
    "face_heights",
    "fddb_roc",
    "landmark_errors",
    "match",
    "normalised_errors",
    "overlaps",
    "overlaps_that_count",
    "precision_recall",
    "recall_by_height",
    "wider_precision_recall",
]
