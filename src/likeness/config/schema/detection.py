"""The schema of runs that train a detector of faces."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from likeness.config.schema.base import HardestShare, Node, Positive, Share
from likeness.config.schema.runs import RunConfig
from likeness.config.schema.scenes import SceneConfig, SceneData
from likeness.config.schema.sweep import Objective

Above0 = Annotated[float, Field(gt=0)]
Weight = Annotated[float, Field(ge=0)]
Sides = Annotated[list[Positive], Field(min_length=1)]


class MTCNNNode(Node):
    """The cascade of Zhang et al. 2016."""

    target: Literal["likeness.models.detectors.mtcnn.fresh_mtcnn"] = Field(alias="_target_")
    weights: str | None
    smallest_face: Annotated[float, Field(ge=1)]
    factor: Annotated[float, Field(gt=0, lt=1)]
    thresholds: Annotated[list[Share], Field(min_length=3, max_length=3)]


class TinyFacesNode(Node):
    """HR of Hu and Ramanan 2017."""

    of_the_recipe = frozenset({"templates", "number_of_templates"})
    target: Literal["likeness.models.detectors.tiny_faces.TinyFaces"] = Field(alias="_target_")
    network: str
    weights: str | None
    templates: list[Annotated[list[Above0], Field(min_length=2, max_length=2)]] | None
    number_of_templates: Positive


class _FaceRCNN(Node):
    weights: str | None
    shorter_sides: Sides
    longer_side: Positive
    test_sides: Sides

    @model_validator(mode="after")
    def _the_longer_side_is_no_shorter(self) -> "_FaceRCNN":
        if self.longer_side < (most := max(*self.shorter_sides, *self.test_sides)):
            raise ValueError(
                f"detector.longer_side={self.longer_side}, but an image's shorter side gets up to {most} pixels; "
                "raise it"
            )
        return self


class FaceRCNNSmall(_FaceRCNN):
    """Face R-CNN on a feature pyramid of a small network."""

    target: Literal["likeness.models.detectors.face_rcnn.face_rcnn_small"] = Field(alias="_target_")
    network: str


class FaceRCNNVgg19(_FaceRCNN):
    """Face R-CNN of Wang et al. 2017."""

    target: Literal["likeness.models.detectors.face_rcnn.face_rcnn_vgg19"] = Field(alias="_target_")


class _PyramidBox(Node):
    low_level_pyramid: bool
    weights: str | None


class PyramidBoxVgg16(_PyramidBox):
    """PyramidBox of Tang et al. 2018, or a narrower one."""

    target: Literal["likeness.models.detectors.pyramidbox.pyramidbox_vgg16"] = Field(alias="_target_")
    width: Annotated[float, Field(gt=0, le=1)]
    batch_norm: bool

    @model_validator(mode="after")
    def _a_fresh_start_is_normalised(self) -> "PyramidBoxVgg16":
        if self.weights is None and not self.batch_norm:
            raise ValueError(
                "VGG-16 learns nothing from a fresh start without BatchNorm: give detector.weights, or "
                "detector.batch_norm=true"
            )
        return self


class PyramidBoxSmall(_PyramidBox):
    """PyramidBox on a small network of timm."""

    target: Literal["likeness.models.detectors.pyramidbox.pyramidbox_small"] = Field(alias="_target_")
    network: str
    width: Annotated[float, Field(gt=0, le=1)]


Detector = Annotated[
    MTCNNNode | TinyFacesNode | FaceRCNNSmall | FaceRCNNVgg19 | PyramidBoxVgg16 | PyramidBoxSmall,
    Field(discriminator="target"),
]


class _Task(Node):
    partial: Literal[True] = Field(alias="_partial_")


class MTCNNTask(_Task):
    """Train MTCNN's three networks."""

    target: Literal["likeness.tasks.detection.MTCNNTask"] = Field(alias="_target_")
    windows: Positive
    shares: Annotated[list[Share], Field(min_length=3, max_length=3)]
    hard_share: HardestShare
    stage_weights: Annotated[list[Weight], Field(min_length=3, max_length=3)]

    @model_validator(mode="after")
    def _something_is_learned(self) -> "MTCNNTask":
        if not 0 < sum(self.shares) <= 1 + 1e-6:
            raise ValueError(
                f"task.shares={self.shares} are parts of the windows of an image: their sum is above 0 and at most 1"
            )
        if not any(self.stage_weights):
            raise ValueError("task.stage_weights are all 0, so that no network is trained: raise one")
        return self


class TinyFacesTask(_Task):
    """Train HR."""

    target: Literal["likeness.tasks.detection.TinyFacesTask"] = Field(alias="_target_")
    easy: Weight
    test_scales: Annotated[list[Above0], Field(min_length=1)]


class FaceRCNNTask(_Task):
    """Train Face R-CNN."""

    target: Literal["likeness.tasks.detection.FaceRCNNTask"] = Field(alias="_target_")
    centre_weight: Weight
    regions: Annotated[int, Field(ge=2)]


class PyramidBoxTask(_Task):
    """Train PyramidBox."""

    target: Literal["likeness.tasks.detection.PyramidBoxTask"] = Field(alias="_target_")
    part_weights: Annotated[list[Weight], Field(min_length=3, max_length=3)]
    negatives_per_positive: Above0


Task = Annotated[MTCNNTask | TinyFacesTask | FaceRCNNTask | PyramidBoxTask, Field(discriminator="target")]

_TRAINED_BY: dict[type[Node], tuple[str, tuple[type[Node], ...]]] = {
    MTCNNTask: ("mtcnn", (MTCNNNode,)),
    TinyFacesTask: ("tiny_faces", (TinyFacesNode,)),
    FaceRCNNTask: ("face_rcnn", (FaceRCNNSmall, FaceRCNNVgg19)),
    PyramidBoxTask: ("pyramidbox", (PyramidBoxVgg16, PyramidBoxSmall)),
}
"""Of each task its name and the detectors that it trains."""


class DetectionEvaluation(Node):
    """How a detector is measured."""

    overlap: Annotated[float, Field(gt=0, lt=1)]
    heights: Annotated[list[Weight], Field(min_length=1)]
    score: Share
    fddb: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] | None = None
    resamples: Annotated[int, Field(ge=10)]

    @model_validator(mode="after")
    def _heights_rise(self) -> "DetectionEvaluation":
        if any(high <= low for low, high in pairwise(self.heights)):
            raise ValueError(f"evaluation.heights={self.heights} must rise")
        return self


class DetectionConfig(SceneConfig):
    """What a run that trains a detector has."""

    objective = Objective(metric="validation/ap")
    headline = "detection/ap"
    measures = ("detection/*", "landmarks/*")
    validates = ("validation/ap",)
    task: Task
    detector: Detector
    evaluation: DetectionEvaluation

    @model_validator(mode="after")
    def _detector_fits(self) -> "DetectionConfig":
        name, detectors = _TRAINED_BY[type(self.task)]
        if not isinstance(self.detector, detectors):
            raise ValueError(
                f"task={name} trains detector={name} or a larger one of its kind; choose both alike"
            )
        if isinstance(self.task, PyramidBoxTask) and self.sampler.side % 128:
            raise ValueError(f"sampler.side={self.sampler.side}, but PyramidBox takes multiples of 128")
        own = self.sampler.batch_size // self.trainer.processes
        if isinstance(self.task, PyramidBoxTask) and own * (self.sampler.side // 128) ** 2 < 2:
            raise ValueError(
                "a device gets one square of 128 pixels, whose coarsest map is a single value, which BatchNorm can't "
                "take; raise sampler.side or sampler.batch_size"
            )
        if isinstance(self.task, TinyFacesTask) and self.sampler.side % 16:
            raise ValueError(f"sampler.side={self.sampler.side}, but HR takes multiples of 16")
        return self


class DetectionEvaluateConfig(RunConfig):
    """What `likeness evaluate` measures a detector on."""

    data: SceneData
    evaluation: DetectionEvaluation
