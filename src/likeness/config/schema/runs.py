"""The schema of a whole configuration: of a training run, by what it trains, and of an evaluation."""

from pathlib import PurePath
from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator, model_validator

from likeness.config.schema.base import Node, Place
from likeness.config.schema.data import Data
from likeness.config.schema.features import Features
from likeness.config.schema.losses import CrossEntropy, Loss
from likeness.config.schema.networks import Backbone, ChiSquared, Embedder, Head, Onnx
from likeness.config.schema.style_data import StyleFolders, StylePictures
from likeness.config.schema.style_losses import Sliced, StyleLoss
from likeness.config.schema.style_tasks import AdainTask, StyleTask, StylizerTask
from likeness.config.schema.stylizers import AdainDecoder, Stylizer
from likeness.config.schema.sweep import Objective, Sweep
from likeness.config.schema.training import (
    Augmentation,
    Checkpoints,
    Episodes,
    Evaluation,
    Lbfgs,
    Loader,
    Optimizer,
    PixelOptimizer,
    Sampler,
    Scheduler,
    SimilarityTask,
    Task,
    Trackers,
    Trainer,
)


class _Common(Node):
    name: str
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    runs_dir: Place
    loader: Loader

    @field_validator("name")
    @classmethod
    def _one_folder(cls, name: str) -> str:
        if name != PurePath(name).name or name in {"", ".", ".."}:
            raise ValueError("name is a folder's name below runs_dir and takes no slash")
        return name


class TrainConfig(_Common):
    """What every run of `train.py` has.

    `objective` is what a sweep over such runs looks for by itself, and `measured` are the kinds of metrics that it may
    be told to look for.
    """

    objective: ClassVar[Objective]
    measured: ClassVar[frozenset[str]]
    trainer: Trainer
    scheduler: Scheduler
    logger: Trackers
    checkpoints: Checkpoints
    channels_last: bool
    compile: bool
    sweep: Sweep | None = None

    @model_validator(mode="after")
    def _measures_what_is_swept_for(self) -> "TrainConfig":
        for objective in self.sweep.objectives if self.sweep else ():
            if objective.metric.partition("/")[0] not in self.measured:
                raise ValueError(
                    f"sweep.objectives names {objective.metric}, and such a run measures "
                    f"{', '.join(f'{kind}/...' for kind in sorted(self.measured))}"
                )
        return self


class EncodingConfig(TrainConfig):
    """What a run that trains an encoding has."""

    objective = Objective(metric="verification/accuracy")
    measured = frozenset(
        {"verification", "calibration", "decision", "retrieval", "oneshot_within", "oneshot_across"}
    )
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
    def _episodes_that_are_swept_for(self) -> "EncodingConfig":
        known = self.episodes.metrics if self.episodes else ()
        for objective in self.sweep.objectives if self.sweep else ():
            if objective.metric.startswith("oneshot_") and objective.metric not in known:
                raise ValueError(
                    f"sweep.objectives names {objective.metric}, and the run measures "
                    + (" and ".join(known) or "no episodes; add episodes=twenty_way")
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


class StyleConfig(TrainConfig):
    """What a run that trains the pixels of a picture has."""

    objective = Objective(metric="cost/total", direction="minimize")
    measured = frozenset({"cost"})
    task: StyleTask
    backbone: Features
    loss: StyleLoss
    data: StylePictures
    optimizer: PixelOptimizer

    @model_validator(mode="after")
    def _one_picture(self) -> "StyleConfig":
        if self.trainer.devices > 1:
            raise ValueError("one picture can't be shared by several devices; leave trainer.devices=1")
        if self.trainer.accumulate_grad_batches > 1:
            raise ValueError(
                "every step sees the same pictures, there is nothing to accumulate; "
                "leave trainer.accumulate_grad_batches=1"
            )
        if self.data.total_steps != self.trainer.max_steps:
            raise ValueError("data.total_steps is trainer.max_steps; set that instead")
        if isinstance(self.loss.statistic, Sliced) and self.data.masks is not None:
            raise ValueError(
                "sliced optimal transport takes no data.masks; choose statistic@loss.statistic=gram"
            )
        if isinstance(self.loss.statistic, Sliced) and isinstance(self.optimizer, Lbfgs):
            raise ValueError(
                "sliced optimal transport draws its directions anew at each step, which L-BFGS can't follow; "
                "use optimizer=adam"
            )
        if isinstance(self.optimizer, Lbfgs) and self.trainer.precision == "16-mixed":
            raise ValueError(
                "optimizer=lbfgs can't scale its loss as 16-mixed does; use trainer.precision=bf16-mixed"
            )
        return self


class StylizerConfig(TrainConfig):
    """What a run that trains a network to paint pictures has."""

    objective = Objective(metric="cost/total", direction="minimize")
    measured = frozenset({"cost"})
    task: StylizerTask
    backbone: Features
    stylizer: Stylizer
    loss: StyleLoss
    data: StyleFolders
    optimizer: Optimizer

    @model_validator(mode="after")
    def _stylizer_fits(self) -> "StylizerConfig":
        if isinstance(self.task, AdainTask) != isinstance(self.stylizer, AdainDecoder):
            raise ValueError("task=adain trains stylizer=adain, and task=feedforward trains stylizer=johnson")
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
    return _SCHEMAS.get((config.get("task") or {}).get("_target_"), EncodingConfig)


_SCHEMAS: dict[str | None, type[TrainConfig]] = {
    "likeness.tasks.style.StyleTask": StyleConfig,
    "likeness.tasks.adain.AdainTask": StylizerConfig,
    "likeness.tasks.feedforward.FeedforwardTask": StylizerConfig,
}
