"""Learned similarity: heads that judge two encodings, and how they judge all pairs at once."""

from likeness.models.similarity.chi2 import weighted_chi_squared
from likeness.models.similarity.heads import SimilarityHead, absolute_difference, chi_squared
from likeness.models.similarity.l1 import weighted_l1

__all__ = ["SimilarityHead", "absolute_difference", "chi_squared", "weighted_chi_squared", "weighted_l1"]
