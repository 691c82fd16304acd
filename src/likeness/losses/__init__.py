"""Losses and their mining: pure functions, and modules that keep a loss's arguments."""

from .margin_softmax import AdaFaceLoss, ArcFaceLoss, CosFaceLoss, MarginSoftmaxLoss, MarginSoftmaxOutput
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
    "AdaFaceLoss",
    "AllSemiHardTripletLoss",
    "ArcFaceLoss",
    "BatchAllTripletLoss",
    "BatchHardTripletLoss",
    "ContrastiveLoss",
    "ContrastiveOutput",
    "CosFaceLoss",
    "CrossEntropyOutput",
    "MarginSoftmaxLoss",
    "MarginSoftmaxOutput",
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
