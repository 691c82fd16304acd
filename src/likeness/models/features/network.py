"""Images in [0, 1] to the activations of a fixed network's layers."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from likeness.models.features.freeze import freeze


class FeatureNetwork(nn.Module):
    """The activations of some layers of `network`, which is frozen and stays in evaluation mode.

    Its weights are in no checkpoint and get no gradient; the gradient reaches the images. Under
    `torch.autocast` a VGG runs in autocast's type, on weights cast once.

    Args:
        network: maps normalised images `[B, 3, H, W]` to activations `[B, C, H', W']` by the layer's name.
        mean: the mean to subtract, one for each channel, of values in [0, 1].
        std: the standard deviation to divide by, one for each channel.
        receptive_field: see the attribute.
        stride: see the attribute.

    Attributes:
        receptive_field: the margin in pixels that a tile needs on each side, or up to the image's edge where
            that is nearer, so that the activations at the tile's own positions are those of the whole image.
            It is a multiple of the deepest layer's stride, as the tile's own first row and column must be. None
            where it isn't known.
        stride: by layer the pixels from one position to the next, None where it isn't known.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        mean: Sequence[float],
        std: Sequence[float],
        receptive_field: int | None = None,
        stride: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(list(mean)).view(-1, 1, 1))
        self.register_buffer("std", torch.tensor(list(std)).view(-1, 1, 1))
        self.receptive_field = receptive_field
        self.stride = stride
        self.to(
            memory_format=torch.channels_last
        )  # as processors compute, so that they need no copy of the weights
        freeze(self)
        self.eval()

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Activations `[B, C, H', W']` by layer, in the network's order, of images `[B, 3, H, W]` in [0, 1].

        Raises:
            ValueError: the images are too small for the deepest layer.
        """
        activations: dict[str, Tensor] = self.network(
            (images - self.get_buffer("mean")) / self.get_buffer("std")
        )
        return activations

    def train(self, mode: bool = True) -> "FeatureNetwork":
        """Stay in evaluation mode, whatever the task around is in."""
        return super().train(False)
