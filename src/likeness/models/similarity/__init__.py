"""Learned similarity: heads that compare two embeddings, and how all pairs are scored at once."""

from likeness.models.similarity.chi2 import weighted_chi_squared
from likeness.models.similarity.heads import SimilarityHead, absolute_difference, chi_squared
from likeness.models.similarity.l1 import weighted_l1
from likeness.models.similarity.pair_head import PairHead

__all__ = [
    "PairHead",
    "SimilarityHead",
    "absolute_difference",
    "chi_squared",
    "weighted_chi_squared",
    "weighted_l1",
]
