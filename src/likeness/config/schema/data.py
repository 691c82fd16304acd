"""The schema of the data."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from likeness.config.schema.base import (
    Colours,
    FileSource,
    Node,
    Place,
    Positive,
    Share,
    SpatialSize,
)
from likeness.config.schema.outside import OR_OUTSIDE
from likeness.spatial import MAX_PIXELS, height_and_width, refuse_rank, square_side


class _ImageFiles(FileSource):
    """Images that are decoded from files."""

    spatial_size: SpatialSize
    channels: Colours

    @model_validator(mode="after")
    def _images_have_two_axes(self) -> "_ImageFiles":
        height_and_width(self.spatial_size, "a file of an image")
        return self


def _side(given: Any) -> Any:
    return square_side(given, "drawn_faces") if isinstance(given, list) else given


class DrawnFaces(Node):
    """Faces drawn on the fly: square images, whose side is `image_size`."""

    image_size: Annotated[Positive, BeforeValidator(_side)]
    channels: Colours
    target: Literal["likeness.data.drawn_faces.drawn_faces"] = Field(alias="_target_")
    identities: Positive
    pictures_per_identity: Annotated[int, Field(ge=2)]
    validation_identities: Annotated[int, Field(ge=2)]
    test_identities: Annotated[int, Field(ge=2)]
    seed: Annotated[int, Field(ge=0)]

    @property
    def spatial_size(self) -> int:
        """As other data call it."""
        return self.image_size


class _OfOneRank(Node):
    """Samples of one channel whose axes are of a known number."""

    ranks: ClassVar[tuple[int, ...]]
    called: ClassVar[str]
    spatial_size: SpatialSize
    channels: Positive

    @model_validator(mode="after")
    def _rank_and_channels_fit(self) -> "_OfOneRank":
        refuse_rank(self.spatial_size, self.ranks, self.called)
        if self.channels != 1:
            raise ValueError(f"{self.called} has 1 channel, not {self.channels}; set backbone.channels=1")
        return self


class _Drawn(_OfOneRank):
    """Samples that are drawn on the fly, of identities without end."""

    identities: Positive
    samples_per_identity: Annotated[int, Field(ge=2)]
    validation_identities: Annotated[int, Field(ge=2)]
    test_identities: Annotated[int, Field(ge=2)]
    seed: Annotated[int, Field(ge=0)]


class DrawnSignals(_Drawn):
    """Signals drawn on the fly, one axis."""

    ranks, called = (1,), "data=drawn_signals"
    target: Literal["likeness.data.drawn_signals.drawn_signals"] = Field(alias="_target_")


class DrawnSolids(_Drawn):
    """Solids drawn on the fly, three axes."""

    ranks, called = (3,), "data=drawn_solids"
    target: Literal["likeness.data.drawn_solids.drawn_solids"] = Field(alias="_target_")


def _one_in_all(shares: list[float]) -> list[float]:
    if abs(sum(shares) - 1) > 1e-6:
        raise ValueError("the three shares of data.split (train, validation, test) must sum to 1")
    return shares


Shares = Annotated[list[Share], Field(min_length=3, max_length=3), AfterValidator(_one_in_all)]
"""Of train, validation and test."""


class _SplitFolder(_ImageFiles):
    root: Place
    split: Shares
    split_seed: Annotated[int, Field(ge=0)]


class ImageFolder(_SplitFolder):
    """One folder an identity."""

    target: Literal["likeness.data.image_folder.image_folder"] = Field(alias="_target_")
    max_pixels: Positive = MAX_PIXELS


class Celeba(_SplitFolder):
    """CelebA."""

    target: Literal["likeness.data.celeba.celeba"] = Field(alias="_target_")


class _Rooted(_OfOneRank, FileSource):
    """Samples in files below a folder, split by identity."""

    root: Place
    split: Shares
    split_seed: Annotated[int, Field(ge=0)]


class AudioFolder(_Rooted):
    """Recordings, one folder a speaker."""

    ranks, called = (1,), "data=audio_folder"
    target: Literal["likeness.data.audio_folder.audio_folder"] = Field(alias="_target_")
    rate: Positive


class VolumeFolder(_Rooted):
    """NIfTI files or NumPy's, one folder an identity."""

    ranks, called = (3,), "data=volume_folder"
    target: Literal["likeness.data.volume_folder.volume_folder"] = Field(alias="_target_")


class Arrays(FileSource):
    """Arrays of any rank with labels."""

    target: Literal["likeness.data.arrays.arrays"] = Field(alias="_target_")
    path: Place
    samples: Place
    labels: Place
    test_samples: Place | None = None
    test_labels: Place | None = None
    contexts: Place | None = None
    coding: Literal["values", "mu_law", "bits"] = "values"
    bits_shape: list[Positive] | None = None
    drop_duplicates: bool = False
    spatial_size: SpatialSize
    channels: Positive
    split: Shares
    split_seed: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _keys_go_together(self) -> "Arrays":
        if (self.test_samples is None) != (self.test_labels is None):
            raise ValueError("data.test_samples and data.test_labels are given both, or are null both")
        if (self.coding == "bits") != (self.bits_shape is not None):
            raise ValueError(
                "data.bits_shape is the shape of samples with data.coding=bits, and null otherwise"
            )
        if self.contexts is not None and self.test_samples is not None:
            raise ValueError(
                "data.contexts are for a split by identity; leave them out with data.test_samples"
            )
        return self


class InsightfaceRecords(_SplitFolder):
    """insightface's `train.rec` and `train.idx`."""

    target: Literal["likeness.data.insightface.insightface_rec"] = Field(alias="_target_")


class InsightfaceSet(_ImageFiles):
    """insightface's verification sets, such as `lfw.bin`."""

    target: Literal["likeness.data.insightface.insightface_bin"] = Field(alias="_target_")
    path: Place


class Omniglot(_ImageFiles):
    """Omniglot's alphabets."""

    target: Literal["likeness.data.omniglot.omniglot"] = Field(alias="_target_")
    root: Place
    validation_alphabets: Annotated[int, Field(ge=0)]
    validation_from: Literal["background", "evaluation"]
    drawers: Annotated[list[Positive], Field(min_length=3, max_length=3)] | None
    quarter_turns: bool
    mirrored: bool = False
    keep: bool = False
    split_seed: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _only_squares_are_turned(self) -> "Omniglot":
        if self.quarter_turns:
            square_side(self.spatial_size, "data.quarter_turns")
        return self


class OneShotTrials(_ImageFiles):
    """One-shot trials in Omniglot's format; for testing only."""

    target: Literal["likeness.data.oneshot_trials.oneshot_trials"] = Field(alias="_target_")
    root: Place


class PairList(_ImageFiles):
    """Pairs of images listed in a file; for testing only."""

    target: Literal["likeness.data.pair_list.pair_list"] = Field(alias="_target_")
    path: Place
    root: Place | None
    max_pixels: Positive = MAX_PIXELS


class Lfw(_ImageFiles):
    """Labeled Faces in the Wild with View 2 pairs; for testing only."""

    target: Literal["likeness.data.lfw.lfw"] = Field(alias="_target_")
    root: Place


Data = Annotated[
    DrawnFaces
    | DrawnSignals
    | DrawnSolids
    | AudioFolder
    | VolumeFolder
    | Arrays
    | ImageFolder
    | Celeba
    | InsightfaceRecords
    | InsightfaceSet
    | Lfw
    | Omniglot
    | OneShotTrials
    | PairList,
    Field(discriminator="target"),
    OR_OUTSIDE,
]
