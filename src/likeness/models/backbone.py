"""A backbone: images in [0, 1] to a vector of features, with the normalisation that the weights were trained on."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from likeness.spatial import SpatialSize, sides


class FeatureExtractor(Protocol):
    """What a backbone is: a module from images `[B, C, *spatial]` in [0, 1] to features `[B, feature_dim]`.

    It normalises the images itself, as its weights want it.
    """

    feature_dim: int

    def __call__(self, images: Tensor) -> Tensor:
        """Features `[B, feature_dim]`."""
        ...


class Backbone(nn.Module):
    """`network` on normalised images.

    Args:
        network: maps normalised images `[B, C, *spatial]` to features `[B, feature_dim]`.
        feature_dim: the number of features.
        mean: the mean to subtract, one for each channel, of values in [0, 1].
        std: the standard deviation to divide by, one for each channel.
    """

    def __init__(
        self, network: nn.Module, *, feature_dim: int, mean: Sequence[float], std: Sequence[float]
    ) -> None:
        super().__init__()
        self.network = network
        self.feature_dim = feature_dim
        self.register_buffer("mean", torch.tensor(list(mean)), persistent=False)
        self.register_buffer("std", torch.tensor(list(std)), persistent=False)

    def normalise_by(self, mean: Tensor, std: Tensor) -> None:
        """Normalise by the statistics `[C]` of some data from now on; they are kept with the weights."""
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, images: Tensor) -> Tensor:
        """Features `[B, feature_dim]` of samples `[B, C, *spatial]`: bytes in [0, 1], floats as the data have them."""
        shape = (1, -1, *(1,) * (images.ndim - 2))
        mean, std = self.get_buffer("mean").view(shape), self.get_buffer("std").view(shape)
        features: Tensor = self.network((images - mean) / std)
        return features


def feature_dim_of(network: nn.Module, *, channels: int, spatial_size: SpatialSize) -> int:
    """The number of features that `network` gives, found by one forward pass on an empty image."""
    training = network.training
    with torch.no_grad():
        features = network.eval()(torch.zeros(1, channels, *sides(spatial_size)))
    network.train(training)
    return int(features.shape[1])
