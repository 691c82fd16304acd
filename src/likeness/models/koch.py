"""The convolutions of Koch, Zemel and Salakhutdinov 2015, "Siamese Neural Networks for One-shot Image Recognition"."""

from collections.abc import Sequence

from torch import nn

from likeness.models.backbone import Backbone
from likeness.spatial import SpatialSize, square_side

SIDE = 105


def koch(
    *, spatial_size: SpatialSize, channels: int, mean: Sequence[float], std: Sequence[float]
) -> Backbone:
    """Four convolutions, `[B, channels, 105, 105]` to 9,216 features: figure 4.

    Their weights begin as section 3.3 says: from N(0, 0.01^2), biases from N(0.5, 0.01^2). The paper's last layer,
    4,096 sigmoids, is the embedder's projection: `embedding_dim=4096`, `activation=sigmoid`, `normalize=false`; it
    begins as torch's linear layers do, narrower than the paper's fully connected ones.

    Raises:
        ValueError: another size of image.
    """
    if square_side(spatial_size, "Koch's network") != SIDE:
        raise ValueError(f"Koch's network takes images of {SIDE} pixels: leave `spatial_size` at {SIDE}.")
    network = nn.Sequential(
        nn.Conv2d(channels, 64, 10),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(64, 128, 7),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(128, 128, 4),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(128, 256, 4),
        nn.ReLU(inplace=True),
        nn.Flatten(),
    )
    for layer in network:
        if isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, 0.0, 0.01)
            assert layer.bias is not None
            nn.init.normal_(layer.bias, 0.5, 0.01)
    return Backbone(network, feature_dim=256 * 6**2, mean=mean, std=std)
