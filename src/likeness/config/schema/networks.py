"""The schema of the networks: backbones, the embedder, and heads that compare pairs."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from likeness.config.schema.base import Node, PerChannel, Positive, SpatialSize
from likeness.config.schema.outside import OR_OUTSIDE
from likeness.spatial import height_and_width


class OfImages(Node):
    """What a network expects of images: their size in pixels, channels, mean and standard deviation in [0, 1]."""

    spatial_size: SpatialSize
    channels: Positive
    mean: PerChannel
    std: PerChannel

    @model_validator(mode="after")
    def _images_fit(self) -> "OfImages":
        height, width = height_and_width(self.spatial_size, "a backbone of this project")
        if min(height, width) < 8 or max(height, width) > 4096:
            raise ValueError(
                f"backbone.spatial_size={self.spatial_size} has a side that is not of 8 to 4096 pixels"
            )
        for name in ("mean", "std"):
            if len(getattr(self, name)) != self.channels:
                raise ValueError(f"backbone.{name} needs one number for each of the {self.channels} channels")
        if min(self.std) <= 0:
            raise ValueError("backbone.std must be positive")
        return self


class SmallConv(OfImages):
    """The small convolutional net of our own."""

    target: Literal["likeness.models.small_conv.small_conv"] = Field(alias="_target_")
    width: Positive


class DoubleConv(OfImages):
    """Blocks of two convolutions and a pooling."""

    target: Literal["likeness.models.double_conv.double_conv"] = Field(alias="_target_")
    widths: Annotated[list[Positive], Field(min_length=1)]
    ink_size: Annotated[int, Field(ge=8)] | None = None


class Koch(OfImages):
    """The convolutions of Koch et al. 2015."""

    target: Literal["likeness.models.koch.koch"] = Field(alias="_target_")


class Timm(OfImages):
    """A timm network by name."""

    target: Literal["likeness.models.timm_backbone.timm_backbone"] = Field(alias="_target_")
    name: str
    weights: str | None
    pooling: Literal["own", "flatten"]
    stages: Positive | None
    frozen_stages: Annotated[int, Field(ge=0)]


class Vgg(OfImages):
    """VGG-16 or VGG-19 by the layers' names in the papers."""

    target: Literal["likeness.models.vgg_backbone.vgg_backbone"] = Field(alias="_target_")
    name: Literal["vgg16", "vgg19"]
    weights: str | None


class Torchvision(OfImages):
    """A torchvision classification network by name, without its last linear layer."""

    target: Literal["likeness.models.torchvision_backbone.torchvision_backbone"] = Field(alias="_target_")
    name: str
    weights: str | None


class Onnx(OfImages):
    """A published encoder, for evaluation."""

    target: Literal["likeness.models.onnx_encoder.OnnxEncoder"] = Field(alias="_target_")
    path: str
    normalize: bool


Backbone = Annotated[
    SmallConv | DoubleConv | Koch | Timm | Vgg | Torchvision | Onnx, Field(discriminator="target"), OR_OUTSIDE
]


class Embedder(Node):
    """The projection of a backbone's features to an embedding."""

    target: Literal["likeness.models.embedder.Embedder"] = Field(alias="_target_")
    partial: Literal[True] = Field(alias="_partial_")
    embedding_dim: Annotated[int, Field(ge=2)] | None
    normalize: bool
    dropout: Annotated[float, Field(ge=0, lt=1)]
    batch_norm: bool
    activation: Literal["none", "relu", "softplus", "sigmoid"] = "none"
    test_time_augmentation: Literal[1, 4, 8] = 1


class AbsoluteDifference(Node):
    """Log odds from the absolute differences of two embeddings."""

    target: Literal["likeness.models.similarity.absolute_difference"] = Field(alias="_target_")


class ChiSquared(Node):
    """Log odds from the chi-squared differences of two embeddings that are not negative."""

    target: Literal["likeness.models.similarity.chi_squared"] = Field(alias="_target_")


Head = Annotated[AbsoluteDifference | ChiSquared, Field(discriminator="target"), OR_OUTSIDE]
