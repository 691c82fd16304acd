"""Losses and their mining: pure functions, and modules that keep a loss's words."""

from .exhaustive import all_semi_hard_triplet_loss, batch_all_triplet_loss
from .mined import batch_hard_triplet_loss, semi_hard_triplet_loss
from .modules import AllSemiHardTripletLoss, BatchAllTripletLoss, BatchHardTripletLoss, SemiHardTripletLoss
from .output import TripletOutput
from .pairs import (
    ContrastiveLoss,
    ContrastiveOutput,
    CrossEntropyOutput,
    PairCrossEntropy,
    contrastive_loss,
    pair_cross_entropy,
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
