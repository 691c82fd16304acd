"""The schema of the networks: backbones, the embedder, and heads that compare pairs."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveFloat, field_validator, model_validator

from likeness.config.schema.base import Node, PerChannel, Positive, SpatialSize
from likeness.config.schema.outside import OR_OUTSIDE
from likeness.spatial import height_and_width, sides

LONGEST = {1: 2**20, 2: 4096, 3: 512}
"""The longest axis of a sample, by their number: of signals, images and volumes."""


class OfAnyRank(Node):
    """What a network expects of samples: the lengths of their axes, channels, mean and standard deviation.

    Both statistics are `null` where they are to be those of the training data.
    """

    spatial_size: SpatialSize
    channels: Positive
    mean: PerChannel | None
    std: PerChannel | None

    @model_validator(mode="after")
    def _samples_fit(self) -> "OfAnyRank":
        lengths = sides(self.spatial_size)
        longest = LONGEST[len(lengths)]
        if min(lengths) < 8 or max(lengths) > longest:
            unit = "pixels" if len(lengths) == 2 else "values"
            raise ValueError(
                f"backbone.spatial_size={self.spatial_size} has a side that is not of 8 to {longest} {unit}"
            )
        if (self.mean is None) != (self.std is None):
            raise ValueError("backbone.mean and backbone.std are given both, or are null both")
        for name in ("mean", "std"):
            if len(getattr(self, name) or [0.0] * self.channels) != self.channels:
                raise ValueError(f"backbone.{name} needs one number for each of the {self.channels} channels")
        if min(self.std or [1.0]) <= 0:
            raise ValueError("backbone.std must be positive")
        return self


class OfImages(OfAnyRank):
    """What a network that is for images alone expects of them: height and width in pixels."""

    called: ClassVar[str]

    @field_validator("spatial_size")  # told first: with another rank most other keys are wrong too
    @classmethod
    def _samples_are_images(cls, value: SpatialSize) -> SpatialSize:
        height_and_width(value, cls.called)
        return value


class SmallConv(OfAnyRank):
    """The small convolutional net of our own."""

    target: Literal["likeness.models.small_conv.small_conv"] = Field(alias="_target_")
    width: Positive
    pooling: Literal["flatten", "statistics"] = "flatten"


class DoubleConv(OfAnyRank):
    """Blocks of two convolutions and a pooling."""

    target: Literal["likeness.models.double_conv.double_conv"] = Field(alias="_target_")
    widths: Annotated[list[Positive], Field(min_length=1)]
    ink_size: Annotated[int, Field(ge=8)] | None = None

    @model_validator(mode="after")
    def _ink_is_in_images(self) -> "DoubleConv":
        if self.ink_size is not None:
            height_and_width(self.spatial_size, "backbone.ink_size")
        return self


class LectureConv(OfAnyRank):
    """The lecture's convolutions without padding."""

    target: Literal["likeness.models.lecture_conv.lecture_conv"] = Field(alias="_target_")
    widths: Annotated[list[Positive], Field(min_length=1)]
    kernel: Positive


class Fcn(OfAnyRank):
    """The fully convolutional network for time series."""

    target: Literal["likeness.models.fcn.fcn"] = Field(alias="_target_")
    width: Positive


class MelConv(OfAnyRank):
    """Convolutions over time on a log-mel spectrogram."""

    target: Literal["likeness.models.mel_conv.mel_conv"] = Field(alias="_target_")
    width: Positive
    bands: Positive
    rate: Positive
    window: PositiveFloat
    hop: PositiveFloat


class Monai(OfAnyRank):
    """A network of MONAI by name, without its last linear layer."""

    target: Literal["likeness.models.monai_backbone.monai_backbone"] = Field(alias="_target_")
    name: str


class Koch(OfImages):
    """The convolutions of Koch et al. 2015."""

    called = "backbone=koch"
    target: Literal["likeness.models.koch.koch"] = Field(alias="_target_")


class IResNet(OfImages):
    """The residual networks of ArcFace."""

    called = "backbone=iresnet"
    target: Literal["likeness.models.iresnet.iresnet"] = Field(alias="_target_")
    depth: Literal[18, 34, 50, 100, 200]


class Timm(OfImages):
    """A timm network by name."""

    called = "backbone=timm"
    target: Literal["likeness.models.timm_backbone.timm_backbone"] = Field(alias="_target_")
    name: str
    weights: str | None
    pooling: Literal["own", "flatten"]
    stages: Positive | None
    frozen_stages: Annotated[int, Field(ge=0)]


class Vgg(OfImages):
    """VGG-16 or VGG-19 by the layers' names in the papers."""

    called: ClassVar[str] = "backbone=vgg16"
    target: Literal["likeness.models.vgg_backbone.vgg_backbone"] = Field(alias="_target_")
    name: Literal["vgg16", "vgg19"]
    weights: str | None


class Torchvision(OfImages):
    """A torchvision classification network by name, without its last linear layer."""

    called = "backbone=torchvision"
    target: Literal["likeness.models.torchvision_backbone.torchvision_backbone"] = Field(alias="_target_")
    name: str
    weights: str | None


class Onnx(OfImages):
    """A published encoder, for evaluation."""

    called = "backbone=onnx"
    target: Literal["likeness.models.onnx_encoder.OnnxEncoder"] = Field(alias="_target_")
    path: str
    normalize: bool

    @model_validator(mode="after")
    def _statistics_are_known(self) -> "Onnx":
        if self.mean is None:
            raise ValueError("backbone.mean and backbone.std of a published encoder are given, not null")
        return self


Backbone = Annotated[
    SmallConv
    | DoubleConv
    | LectureConv
    | Fcn
    | MelConv
    | Monai
    | Koch
    | IResNet
    | Timm
    | Vgg
    | Torchvision
    | Onnx,
    Field(discriminator="target"),
    OR_OUTSIDE,
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
