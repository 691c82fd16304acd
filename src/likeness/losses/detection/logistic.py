"""The logistic loss of anchors that show a face, or none, or of which nobody knows."""

import torch
from torch import Tensor
from torch.nn import functional

from ..precision import in_working_precision

FACE, BACKGROUND, IGNORED = 1, 0, -1
"""What an anchor shows; an ignored one is neither right nor wrong."""


def logistic_loss(log_odds: Tensor, shown: Tensor) -> Tensor:
    """`log(1 + exp(-y z))` of each anchor, y = 1 for a face and -1 for background; 0, without gradient, if ignored.

    Hu and Ramanan 2017 train each template as a binary classifier of its own. The cross-entropy of a
    softmax over two classes is the same number for the difference of its logits.

    Args:
        log_odds: z, of any shape.
        shown: of the same shape, FACE, BACKGROUND or IGNORED.
    """
    odds = in_working_precision(log_odds)
    counted = shown != IGNORED
    odds = torch.where(counted, odds, 0.0)  # so that no NaN of an ignored anchor reaches a gradient
    loss = functional.binary_cross_entropy_with_logits(odds, (shown == FACE).to(odds.dtype), reduction="none")
    return torch.where(counted, loss, 0.0)
