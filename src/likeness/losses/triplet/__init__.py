"""Triplet losses, exact and without lists of triplets (Schroff et al. 2015; Hermans et al. 2017)."""

from .exhaustive import all_semi_hard_triplet_loss, batch_all_triplet_loss
from .mined import batch_hard_triplet_loss, semi_hard_triplet_loss
from .modules import AllSemiHardTripletLoss, BatchAllTripletLoss, BatchHardTripletLoss, SemiHardTripletLoss
from .output import TripletOutput

__all__ = [
    "AllSemiHardTripletLoss",
    "BatchAllTripletLoss",
    "BatchHardTripletLoss",
    "SemiHardTripletLoss",
    "TripletOutput",
    "all_semi_hard_triplet_loss",
    "batch_all_triplet_loss",
    "batch_hard_triplet_loss",
    "semi_hard_triplet_loss",
]
