"""A loss with weights of its own: a centre of each class (Wen et al. 2016, eq. 2, with a softmax over distances)."""

import torch
from torch import Tensor, nn


class CentreLoss(nn.Module):
    """Cross-entropy of the softmax of minus the squared distances to the class centres, times `scale`."""

    def __init__(self, classes: int, embedding_dim: int, scale: float = 8.0) -> None:
        super().__init__()
        self.centres = nn.Parameter(torch.randn(classes, embedding_dim) / embedding_dim**0.5)
        self.scale = scale

    def forward(self, embedding: Tensor, identity: Tensor) -> Tensor:
        """The loss of `embedding [B, D]` and `identity [B]`."""
        distance = torch.cdist(embedding, self.centres, compute_mode="donot_use_mm_for_euclid_dist").square()
        return nn.functional.cross_entropy(-self.scale * distance, identity)
