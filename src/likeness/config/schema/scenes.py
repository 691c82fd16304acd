"""The schema of runs on images with faces: the data, and the squares that are trained on."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from likeness.config.schema.base import FileSource, Node, Place, Positive, Share, SpatialSize
from likeness.config.schema.optimization import Optimizer
from likeness.config.schema.outside import OR_OUTSIDE
from likeness.config.schema.runs import TrainConfig
from likeness.config.schema.training import Blur, ColorJitter, Erasing, Grayscale


class DrawnScenes(Node):
    """Scenes with faces, drawn on the fly."""

    target: Literal["likeness.data.drawn_scenes.drawn_scenes"] = Field(alias="_target_")
    scenes: Positive
    validation_scenes: Annotated[int, Field(ge=0)]
    test_scenes: Positive
    seed: Annotated[int, Field(ge=0)]
    spatial_size: SpatialSize


class _SplitScenes(FileSource):
    root: Place
    split: Annotated[list[Share], Field(min_length=3, max_length=3)]
    split_seed: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> "_SplitScenes":
        if abs(sum(self.split) - 1) > 1e-6:
            raise ValueError(f"{self.place or 'data'}.split: the three shares must sum to 1")
        return self


class WiderFace(FileSource):
    """WIDER FACE, in its own format."""

    target: Literal["likeness.data.annotated_faces.wider_face"] = Field(alias="_target_")
    root: Place
    validation: Annotated[float, Field(ge=0, lt=1)]
    split_seed: Annotated[int, Field(ge=0)]


class Voc(_SplitScenes):
    """Boxes in Pascal VOC's XML."""

    target: Literal["likeness.data.annotated_faces.voc"] = Field(alias="_target_")
    annotations: Place
    images: Place
    faces: list[str]


class Yolo(_SplitScenes):
    """Boxes in YOLO's text files."""

    target: Literal["likeness.data.annotated_faces.yolo"] = Field(alias="_target_")
    faces: list[int]


class BoxesJson(_SplitScenes):
    """Boxes in one JSON file."""

    target: Literal["likeness.data.annotated_faces.boxes_json"] = Field(alias="_target_")
    annotations: Place
    images: Place


class PointsCsv(FileSource):
    """Five points a face in CSV files."""

    target: Literal["likeness.data.annotated_faces.points_csv"] = Field(alias="_target_")
    root: Place
    train: list[Place]
    test: list[Place]
    validation: Annotated[float, Field(ge=0, lt=1)]
    split_seed: Annotated[int, Field(ge=0)]
    leave_out: list[str]


SceneData = Annotated[
    DrawnScenes | WiderFace | Voc | Yolo | BoxesJson | PointsCsv, Field(discriminator="target"), OR_OUTSIDE
]


class _Squares(Node):
    of_the_recipe = frozenset({"batch_size", "keep_mib"})
    batch_size: Positive
    keep_mib: Annotated[float, Field(ge=0)]
    side: Annotated[int, Field(ge=32)]


class RandomSquares(_Squares):
    """Squares anywhere in an image at one of several scales."""

    target: Literal["likeness.data.scene_crops.RandomSquares"] = Field(alias="_target_")
    scales: Annotated[list[Annotated[float, Field(ge=0.05, le=20)]], Field(min_length=1)]


class AnchorSampling(_Squares):
    """Squares by data-anchor-sampling (Tang et al. 2018)."""

    target: Literal["likeness.data.scene_crops.AnchorSampling"] = Field(alias="_target_")


Squares = Annotated[RandomSquares | AnchorSampling, Field(discriminator="target")]


class SceneConfig(TrainConfig):
    """What a run on images with faces has, whatever it trains."""

    data: SceneData
    extra_data: SceneData | None = None
    test_data: SceneData | None = None
    sampler: Squares
    augment: dict[
        str, Annotated[ColorJitter | Grayscale | Blur | Erasing, Field(discriminator="target")] | None
    ]
    optimizer: Optimizer

    @model_validator(mode="after")
    def _batches_can_be_shared(self) -> "SceneConfig":
        shares = 2 if self.extra_data else 1
        for number, what in ((self.trainer.processes, "devices"), (shares, "sources of data")):
            if self.sampler.batch_size % number:
                raise ValueError(
                    f"sampler.batch_size={self.sampler.batch_size} can't be shared by {number} {what}; make it a "
                    "multiple of their number"
                )
        return self
