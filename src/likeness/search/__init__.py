"""Exact search among embeddings: functions of NumPy arrays."""

from likeness.search.index import ExactIndex, RowPairs
from likeness.search.nearest import Nearest, nearest_by

__all__ = ["ExactIndex", "Nearest", "RowPairs", "nearest_by"]
