"""The schema of what is done beside a training's steps: callbacks, and the checkpoint whose weights a run hands on."""

from typing import Annotated, Literal

from pydantic import Field

from likeness.config.schema.base import Node, Positive
from likeness.config.schema.outside import OR_OUTSIDE


class WeightAverage(Node):
    """The exponential moving average of the weights."""

    target: Literal["likeness.runs.training.weight_average.WeightAverage"] = Field(alias="_target_")
    decay: Annotated[float, Field(ge=0, lt=1)]
    warmup: bool


class Monitoring(Node):
    """What looks at a metric of the validation; where none is named, the family's own is filled in."""

    monitor: str | None
    mode: Literal["max", "min"] | None


class EarlyStopping(Monitoring):
    """Stop a training whose validation no longer improves."""

    target: Literal["pytorch_lightning.callbacks.EarlyStopping"] = Field(alias="_target_")
    patience: Positive
    min_delta: Annotated[float, Field(ge=0)]


class LearningRate(Node):
    """Log the learning rate."""

    target: Literal["likeness.runs.training.monitors.LearningRate"] = Field(alias="_target_")


class GradientNorm(Node):
    """Log the norm of the gradient."""

    target: Literal["likeness.runs.training.monitors.GradientNorm"] = Field(alias="_target_")


class Unfreezing(Node):
    """Train parts of the network from a step on only."""

    target: Literal["likeness.runs.training.unfreezing.Unfreezing"] = Field(alias="_target_")
    at_step: Annotated[dict[str, Positive], Field(min_length=1)]


class StepProfiler(Node):
    """Trace a few steps."""

    target: Literal["likeness.runs.training.profiler.StepProfiler"] = Field(alias="_target_")
    wait: Annotated[int, Field(ge=0)]
    warmup: Annotated[int, Field(ge=0)]
    active: Positive


Callback = Annotated[
    WeightAverage | EarlyStopping | LearningRate | GradientNorm | Unfreezing | StepProfiler,
    Field(discriminator="target"),
    OR_OUTSIDE,
]


class BestCheckpoint(Monitoring):
    """The best checkpoints by a metric of the validation; a run hands on the weights of the first of them."""

    save_top_k: Positive
