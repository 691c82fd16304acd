"""The parts of torchvision's detection that are no public interface of it, all that this project uses of them.

A test holds them to what is expected here, so that a new torchvision that changes them is noticed.
"""

from torch import Tensor
from torchvision.models.detection._utils import BoxCoder
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.generalized_rcnn import GeneralizedRCNN
from torchvision.models.detection.roi_heads import RoIHeads
from torchvision.models.detection.rpn import RegionProposalNetwork, RPNHead
from torchvision.models.detection.transform import GeneralizedRCNNTransform

__all__ = [
    "AnchorGenerator",
    "FastRCNNPredictor",
    "GeneralizedRCNN",
    "GeneralizedRCNNTransform",
    "RPNHead",
    "RegionProposalNetwork",
    "RoIHeads",
    "TwoMLPHead",
    "decode",
    "encode",
]

Weights = tuple[float, float, float, float]


def encode(boxes: Tensor, anchors: Tensor, weights: Weights) -> Tensor:
    """Offsets `[N, 4]` from `anchors [N, 4]` to `boxes [N, 4]`, each by its row.

    `w_x (x - x_a) / w_a`, the same of y, `w_w log(w / w_a)`, the same of the height, of centres and sides (Girshick et
    al. 2014, equations 6 to 9). SSD's "variances" .1 and .2 are the weights 10, 10, 5, 5.
    """
    offsets: Tensor = BoxCoder(weights).encode_single(boxes, anchors)
    return offsets


def decode(offsets: Tensor, anchors: Tensor, weights: Weights) -> Tensor:
    """The boxes `[N, 4]` that lie by `offsets [N, 4]` from `anchors [N, 4]`: the inverse of `encode`.

    A side grows at most 62.5 times, so that no offset of an untrained network overflows.
    """
    boxes: Tensor = BoxCoder(weights).decode_single(offsets, anchors)
    return boxes
