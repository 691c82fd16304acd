"""The schema of runs that train a network to place the points of faces."""

from typing import Annotated, Literal

from pydantic import Field

from likeness.config.schema.base import Node, Positive
from likeness.config.schema.scenes import SceneConfig
from likeness.config.schema.sweep import Objective

Spread = Annotated[float, Field(ge=0)]


class OutputNetwork(Node):
    """MTCNN's last network."""

    target: Literal["likeness.models.detectors.mtcnn_networks.OutputNetwork"] = Field(alias="_target_")


class LandmarksTask(Node):
    """Train it in windows about faces."""

    target: Literal["likeness.tasks.detection.LandmarksTask"] = Field(alias="_target_")
    partial: Literal[True] = Field(alias="_partial_")
    windows: Positive
    turn: Annotated[float, Field(ge=0, le=180)]
    zoom: Annotated[float, Field(ge=0, le=2)]
    shift: Spread


class LandmarksEvaluation(Node):
    """How points are measured."""

    limit: Annotated[float, Field(gt=0)]
    resamples: Annotated[int, Field(ge=10)]


class LandmarksConfig(SceneConfig):
    """What a run that trains points has."""

    objective = Objective(metric="validation/nme", direction="minimize")
    headline = "landmarks/nme"
    measures = ("landmarks/*",)
    validates = ("validation/nme",)
    task: LandmarksTask
    landmarker: OutputNetwork
    evaluation: LandmarksEvaluation
