"""Exact search among embeddings: functions of NumPy arrays."""

from likeness.search.nearest import Nearest, nearest, nearest_by

__all__ = ["Nearest", "nearest", "nearest_by"]
