"""Losses and their mining: pure functions, and modules that keep a loss's arguments."""

from .pairs import (
    ContrastiveLoss,
    ContrastiveOutput,
    CrossEntropyOutput,
    PairCrossEntropy,
    contrastive_loss,
    pair_cross_entropy,
)
from .triplet import (
    AllSemiHardTripletLoss,
    BatchAllTripletLoss,
    BatchHardTripletLoss,
    SemiHardTripletLoss,
    TripletOutput,
    all_semi_hard_triplet_loss,
    batch_all_triplet_loss,
    batch_hard_triplet_loss,
    semi_hard_triplet_loss,
)

__all__ = [
    "AllSemiHardTripletLoss",
    "BatchAllTripletLoss",
    "BatchHardTripletLoss",
    "ContrastiveLoss",
    "ContrastiveOutput",
    "CrossEntropyOutput",
    "PairCrossEntropy",
    "SemiHardTripletLoss",
    "TripletOutput",
    "all_semi_hard_triplet_loss",
    "batch_all_triplet_loss",
    "batch_hard_triplet_loss",
    "contrastive_loss",
    "pair_cross_entropy",
    "semi_hard_triplet_loss",
]
