"""The embedder: f(x), a backbone's features projected to an embedding."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from likeness.models.backbone import Backbone

Activation = Literal["none", "relu", "softplus", "sigmoid"]
Views = Literal[1, 4, 8]
ACTIVATIONS: dict[Activation, type[nn.Module]] = {
    "none": nn.Identity,
    "relu": nn.ReLU,
    "softplus": nn.Softplus,
    "sigmoid": nn.Sigmoid,
}


class Embedder(nn.Module):
    """f(x): backbone, projection, and by default L2 normalisation onto the unit sphere (Schroff et al. 2015).

    Args:
        backbone: images to features.
        embedding_dim: the number of dimensions D of an embedding, or None for the features as they are.
        normalize: whether an embedding has length 1.
        dropout: the share of the features that is dropped before the projection while training.
        batch_norm: whether each dimension of the projection is standardised over the batch, so that an embedding
            can't collapse to a point (a neck of BatchNorm, as in Luo et al. 2019).
        test_time_augmentation: the number of views of an image that is measured (`encode_views`): 1 as it is, 4 turned
            by quarters, 8 those and their mirror images.
        activation: by `relu`, `softplus` or `sigmoid` an embedding has no negative number, as the chi-squared head
            needs it.
    """

    def __init__(
        self,
        backbone: Backbone,
        *,
        embedding_dim: int | None = 128,
        normalize: bool = True,
        dropout: float = 0.0,
        batch_norm: bool = False,
        activation: Activation = "none",
        test_time_augmentation: Views = 1,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.embedding_dim = embedding_dim or backbone.feature_dim
        self.dropout = nn.Dropout(dropout)
        self.projection = (
            nn.Identity()
            if embedding_dim is None
            else nn.Linear(backbone.feature_dim, embedding_dim, bias=not batch_norm)
        )
        self.neck = nn.BatchNorm1d(self.embedding_dim) if batch_norm else nn.Identity()
        self.activation = ACTIVATIONS[activation]()
        self.normalize, self.views = normalize, test_time_augmentation

    def forward(self, images: Tensor) -> Tensor:
        """Encodings `[B, D]`, float32 under any autocast, of images `[B, C, *spatial]` in [0, 1]."""
        embedding = self.unnormalised(images)
        with torch.autocast(embedding.device.type, enabled=False):
            return functional.normalize(embedding) if self.normalize else embedding

    def unnormalised(self, images: Tensor) -> Tensor:
        """The same with their lengths, before L2 normalisation."""
        embedding = self.projection(self.dropout(self.backbone(images)))
        with torch.autocast(embedding.device.type, enabled=False):
            lengthed: Tensor = self.activation(self.neck(embedding.float()))
            return lengthed

    def encode_views(self, images: Tensor) -> Tensor:
        """Embeddings `[B, views * D]` to be measured, by test-time augmentation: those of the views of each image, one
        behind the other.

        The distance of two is the sum of those of each view, and a head compares them when it is `repeated`: what each
        view gets wrong by chance is evened out. More than one view is for images `[B, C, H, W]` whose turns were
        trained on, each as a class.
        """
        seen = (
            _turned(sample, quarters)
            for sample in ([images] if self.views < 8 else [images, images.flip(-1)])
            for quarters in range(min(self.views, 4))
        )
        return torch.cat([self(view) for view in seen], dim=1)


def _turned(images: Tensor, quarters: int) -> Tensor:
    """Images `[B, C, H, W]` turned by quarters, as `torch.rot90` does, in words that an ONNX file has too."""
    match quarters:
        case 1:
            return images.flip(-1).transpose(-2, -1)
        case 2:
            return images.flip((-2, -1))
        case 3:
            return images.flip(-2).transpose(-2, -1)
        case _:
            return images
