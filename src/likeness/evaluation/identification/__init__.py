"""How a search in a gallery is measured, and the threshold that it takes: pure functions over distances."""

from likeness.evaluation.identification.thresholds import SearchThreshold, fewest_searches, search_threshold

__all__ = ["SearchThreshold", "fewest_searches", "search_threshold"]
