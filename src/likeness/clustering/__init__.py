"""Clusters of embeddings whose number nobody knows: functions of NumPy arrays."""

from likeness.clustering.constraints import Constraints, constraints
from likeness.clustering.k_means import estimated_k, k_means
from likeness.clustering.measured import Measured, by_comparison, euclidean
from likeness.clustering.neighbours import NeighbourClusters, Thresholds, clusters
from likeness.clustering.thresholds import choose_thresholds

__all__ = [
    "Constraints",
    "Measured",
    "NeighbourClusters",
    "Thresholds",
    "by_comparison",
    "choose_thresholds",
    "clusters",
    "constraints",
    "estimated_k",
    "euclidean",
    "k_means",
]
