"""A backbone: a linear map of each patch of an image, then a hidden layer over all of them."""

from torch import Tensor, nn


class Patches(nn.Module):
    """Images `[B, C, S, S]` in [0, 1] to features `[B, feature_dim]`."""

    def __init__(self, *, patch: int, width: int, spatial_size: int, channels: int) -> None:
        super().__init__()
        self.feature_dim = width
        self.look = nn.Conv2d(channels, width, patch, stride=patch)
        self.mix = nn.Linear(width * (spatial_size // patch) ** 2, width)

    def forward(self, images: Tensor) -> Tensor:
        """The features."""
        return self.mix(self.look(2 * images - 1).relu().flatten(1)).relu()
