"""The schema of a whole configuration: of a training run, by what it trains, and of an evaluation."""

from pathlib import PurePath
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from likeness.config.data_nodes import Data
from likeness.config.loss_nodes import CrossEntropy, Loss
from likeness.config.network_nodes import Backbone, ChiSquared, Embedder, Head, Onnx
from likeness.config.node import Node
from likeness.config.nodes import (
    Augmentation,
    Checkpoints,
    Episodes,
    Evaluation,
    Loader,
    Optimizer,
    Sampler,
    Scheduler,
    SimilarityTask,
    Task,
    Trackers,
    Trainer,
)
from likeness.config.sweeps import Sweep


class _Common(Node):
    name: str
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    runs_dir: str
    loader: Loader

    @field_validator("name")
    @classmethod
    def _one_folder(cls, name: str) -> str:
        if name != PurePath(name).name or name in {"", ".", ".."}:
            raise ValueError("name is a folder's name below runs_dir and takes no slash")
        return name


class TrainConfig(_Common):
    """What every run of `train.py` has."""

    trainer: Trainer
    scheduler: Scheduler
    logger: Trackers
    checkpoints: Checkpoints
    channels_last: bool
    compile: bool
    sweep: Sweep | None = None


class EncodingConfig(TrainConfig):
    """What a run that trains an encoding has."""

    task: Task
    backbone: Backbone
    embedder: Embedder
    head: Head | None = None
    loss: Loss
    data: Data
    test_data: Data | None = None
    sampler: Sampler
    augment: dict[str, Augmentation | None]
    optimizer: Optimizer
    evaluation: Evaluation
    episodes: Episodes | None = None

    @model_validator(mode="after")
    def _task_fits(self) -> "EncodingConfig":
        similarity = isinstance(self.task, SimilarityTask)
        if similarity and self.head is None:
            raise ValueError("task=similarity needs a head: head=absolute_difference or head=chi_squared")
        if not similarity and self.head is not None:
            raise ValueError("a head is trained by task=similarity")
        if similarity != isinstance(self.loss, CrossEntropy):
            raise ValueError("loss=cross_entropy is that of task=similarity, which takes no other")
        if isinstance(self.head, ChiSquared) and self.embedder.activation == "none":
            raise ValueError(
                "head=chi_squared needs encodings with no negative number; "
                "embedder.activation=relu, softplus or sigmoid makes them so"
            )
        return self

    @model_validator(mode="after")
    def _parts_fit(self) -> "EncodingConfig":
        if isinstance(self.backbone, Onnx):
            raise ValueError("backbone=onnx cannot be trained; use it with `likeness evaluate`")
        for name in ("data", "test_data"):
            source = getattr(self, name)
            for key in ("image_size", "channels"):
                if source is not None and getattr(source, key) != getattr(self.backbone, key):
                    raise ValueError(f"{name}.{key} must be the backbone's, {getattr(self.backbone, key)}")
        if (
            self.trainer.precision == "16-mixed"
            and self.trainer.gradient_clip_val
            and self.optimizer.fused is not False
        ):
            raise ValueError("clipping in 16-mixed needs optimizer.fused=false")
        world = self.trainer.devices
        if self.sampler.identities % world:
            raise ValueError(
                f"sampler.identities={self.sampler.identities} can't be shared by {world} devices; "
                "make it a multiple of their number"
            )
        return self


class EvaluateConfig(_Common):
    """What `likeness evaluate` runs on."""

    backbone: Backbone
    data: Data
    evaluation: Evaluation
    episodes: Episodes | None = None
    embedder: Embedder | None = None
    head: Head | None = None


def training_schema(config: dict[str, Any]) -> type[TrainConfig]:
    """The schema of a training run, by its task."""
    return EncodingConfig
