"""Features of a class lie close to its centre (Wen et al. 2016), which Face R-CNN asks of faces and of background."""

import torch
from torch import Tensor, nn

from ..precision import full_precision, in_working_precision

RATE = 0.5
"""How far centres move at a step: the alpha of Wen et al. 2016, section 4.1."""


def centre_loss(features: Tensor, labels: Tensor, centres: Tensor) -> Tensor:
    """`mean_i ||x_i - c_{y_i}||^2 / 2`, 0-d; without samples 0.

    Equation 2 of Wen et al. 2016 (Face R-CNN's centre loss has two classes), but the mean over the samples and not
    their sum, so that its weight beside the softmax does not depend on how many samples there are.

    Args:
        features: `[N, D]`.
        labels: `[N]` integers, rows of `centres`.
        centres: `[C, D]`; no gradient reaches them.
    """
    rows = in_working_precision(features)
    with full_precision(rows.device):
        squares = (rows - centres.detach().to(rows.dtype)[labels]).square().sum(1)
    return squares.sum() / (2 * max(1, len(rows)))


def moved_centres(features: Tensor, labels: Tensor, centres: Tensor, *, rate: float = RATE) -> Tensor:
    """The centres `[C, D]` after a step: `c_j - rate sum_{y_i = j} (c_j - x_i) / (1 + n_j)` for n_j samples of class j.

    Equation 4 of Wen et al. 2016: a class without samples stays where it is.
    """
    rows = features.detach().to(centres.dtype)
    member = torch.nn.functional.one_hot(labels, len(centres)).to(centres.dtype)
    number = member.sum(0)
    with full_precision(rows.device):
        pull = number[:, None] * centres - member.T @ rows
    return centres - rate * pull / (1 + number)[:, None]


class CentreLoss(nn.Module):
    """`centre_loss` to centres of its own, which move at each step of training; they are kept with the weights.

    Args:
        feature_dim: D.
        classes: C; two for faces and background.
        rate: how far the centres move.
    """

    centres: Tensor

    def __init__(self, feature_dim: int, *, classes: int = 2, rate: float = RATE) -> None:
        super().__init__()
        self.rate = rate
        self.register_buffer("centres", torch.zeros(classes, feature_dim))

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """The loss, 0-d, of `features [N, D]` of classes `labels [N]`, by the centres before this step."""
        loss = centre_loss(features, labels, self.centres)
        if self.training:
            self.centres.copy_(moved_centres(features, labels, self.centres, rate=self.rate))
        return loss
