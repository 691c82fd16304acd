"""Margin softmax losses over class centres that devices share, all of them or a sample at each step."""

from .centres import Centres, SampledCentres
from .modules import AdaFaceLoss, ArcFaceLoss, CosFaceLoss, MarginSoftmaxLoss, MarginSoftmaxOutput

__all__ = [
    "AdaFaceLoss",
    "ArcFaceLoss",
    "Centres",
    "CosFaceLoss",
    "MarginSoftmaxLoss",
    "MarginSoftmaxOutput",
    "SampledCentres",
]
