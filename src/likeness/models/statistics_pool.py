"""What a map holds wherever that is: the mean and the standard deviation of each channel."""

import torch
from torch import Tensor, nn

SMALLEST = 1e-5
"""Added to a variance, so that its root has no infinite gradient where a channel never varies."""


class StatisticsPool(nn.Module):
    """The statistics pooling of x-vectors (Snyder et al. 2018, section 2.1), over one, two or three axes."""

    def forward(self, maps: Tensor) -> Tensor:
        """Means, then deviations, `[B, 2 * C]`, of maps `[B, C, *spatial]`."""
        values = maps.flatten(2)
        deviation = (values.var(dim=2, correction=0) + SMALLEST).sqrt()
        return torch.cat([values.mean(dim=2), deviation], dim=1)
