"""The schema of runs that train an embedding, and perhaps a head on it, and of their evaluation."""

from typing import Annotated

from pydantic import model_validator

from likeness.config.schema.callbacks import WeightAverage
from likeness.config.schema.data import Data
from likeness.config.schema.identification import Clustering, Identification, OpenSet
from likeness.config.schema.losses import AdaFace, CrossEntropy, Loss, MarginSoftmax
from likeness.config.schema.metric_learning import WITHOUT_MINER, PmlLoss, PmlMiner
from likeness.config.schema.networks import Backbone, ChiSquared, Embedder, Head, Onnx
from likeness.config.schema.optimization import Optimizer
from likeness.config.schema.outside import OR_OUTSIDE_IN_PART, Outside
from likeness.config.schema.runs import RunConfig, TrainConfig
from likeness.config.schema.sweep import Objective
from likeness.config.schema.training import (
    Augmentation,
    EmbeddingTask,
    Episodes,
    Evaluation,
    Sampler,
    SimilarityTask,
    Task,
)
from likeness.spatial import height_and_width, refuse_rank, sides, square_side


class EmbeddingConfig(TrainConfig):
    """What a run that trains an embedding has."""

    objective = Objective(metric="validation/accuracy")
    headline = "verification/accuracy"
    measures = (
        "verification/accuracy",
        "verification/accuracy_std",
        "verification/auc",
        "verification/eer",
        "verification/min_dcf",
        *(f"verification/tar@far=1e-{power}" for power in range(1, 7)),
        "calibration/ece",
        "decision/far",
        "decision/tar",
        "retrieval/precision@1",
        "retrieval/r_precision",
        "retrieval/map@r",
        "identification/rank@1",
        *(f"identification/tpir@fpir=1e-{power}" for power in range(1, 4)),
        "classification/1nn_accuracy",
        "classification/1nn_error",
        "oneshot_*",
    )
    validates = ("validation/accuracy", "validation/precision@1", "validation/map@r", "validation/oneshot")
    task: Task
    backbone: Backbone
    embedder: Annotated[Embedder, OR_OUTSIDE_IN_PART]
    head: Head | None = None
    loss: Loss
    miner: PmlMiner | None = None
    data: Data
    test_data: Data | None = None
    sampler: Sampler
    augment: dict[str, Augmentation | None]
    optimizer: Optimizer
    evaluation: Evaluation
    episodes: Episodes | None = None
    identification: Identification | None = None

    @model_validator(mode="after")
    def _task_fits(self) -> "EmbeddingConfig":
        """Parts of other packages may go together in their own ways; what is ours is checked."""
        similarity = isinstance(self.task, SimilarityTask)
        if similarity and self.head is None:
            raise ValueError("task=similarity needs a head: head=absolute_difference or head=chi_squared")
        if isinstance(self.task, EmbeddingTask) and self.head is not None:
            raise ValueError("a head is trained by task=similarity")
        if isinstance(self.task, EmbeddingTask) and isinstance(self.loss, CrossEntropy):
            raise ValueError("loss=cross_entropy is that of task=similarity, which takes no other")
        if similarity and not isinstance(self.loss, CrossEntropy | Outside):
            raise ValueError("loss=cross_entropy is that of task=similarity, which takes no other")
        if self.miner is not None and not isinstance(self.loss, PmlLoss):
            raise ValueError("a miner is for loss=pml, whose losses take pairs or triplets; leave miner out")
        if (
            isinstance(self.loss, PmlLoss)
            and self.loss.name in WITHOUT_MINER
            and self.miner
            and self.miner.name
        ):
            raise ValueError(f"{self.loss.name} takes no miner; leave miner.name out")
        self._margin_softmax_fits()
        if isinstance(self.head, ChiSquared) and getattr(self.embedder, "activation", None) == "none":
            raise ValueError(
                "head=chi_squared needs embeddings with no negative number; "
                "embedder.activation=relu, softplus or sigmoid makes them so"
            )
        return self

    def _margin_softmax_fits(self) -> None:
        loss, trainer = self.loss, self.trainer
        if not isinstance(loss, MarginSoftmax):
            return
        if trainer.precision == "16-mixed" and (loss.sampled < 1 or trainer.processes > 1):
            raise ValueError(
                "trainer.precision=16-mixed scales gradients, and class centres that are sampled or split over devices "
                "take no part in that; choose bf16-mixed or 32"
            )
        averaged = [name for name, node in self.callbacks.items() if isinstance(node, WeightAverage)]
        if averaged and trainer.processes > 1:
            raise ValueError(
                f"callbacks.{averaged[0]} averages weights that all devices have, and class centres are split over "
                "devices; train on one device, or leave it out"
            )
        if isinstance(loss, AdaFace) and (self.compile or isinstance(self.embedder, Outside)):
            raise ValueError(
                "loss=adaface takes embeddings before they are normalised, and compile=true or an embedder of another "
                "package has no such part; leave those out, or choose loss=arcface"
            )

    @model_validator(mode="after")
    def _episodes_that_are_swept_for(self) -> "EmbeddingConfig":
        known = self.episodes.metrics if self.episodes else ()
        for objective in self.sweep.objectives if self.sweep else ():
            if objective.metric.startswith("oneshot_") and objective.metric not in known:
                raise ValueError(
                    f"sweep.objectives names {objective.metric}, and the run measures "
                    + (" and ".join(known) or "no episodes; add episodes=twenty_way")
                )
        return self

    @model_validator(mode="after")
    def _measures_by_which_it_is_swept(self) -> "EmbeddingConfig":
        """Some metrics are measured only where the configuration asks for them."""
        asked = {
            "identification/": ("identification=open_set", isinstance(self.identification, OpenSet)),
            "verification/min_dcf": ("evaluation.target=SHARE", self.evaluation.target is not None),
        }
        for objective in self.sweep.objectives if self.sweep else ():
            for group, (setting, given) in asked.items():
                if objective.metric.startswith(group) and not given:
                    raise ValueError(f"sweep.objectives names {objective.metric}, which {setting} measures")
        return self

    @model_validator(mode="after")
    def _parts_fit(self) -> "EmbeddingConfig":
        if isinstance(self.backbone, Onnx):
            raise ValueError("backbone=onnx cannot be trained; use it with `likeness evaluate`")
        self._sizes_fit()
        if (
            self.trainer.precision == "16-mixed"
            and self.trainer.gradient_clip_val
            and getattr(self.optimizer, "fused", False) is not False
        ):
            raise ValueError("clipping in 16-mixed needs optimizer.fused=false")
        world = self.trainer.processes
        if self.sampler.identities % world:
            raise ValueError(
                f"sampler.identities={self.sampler.identities} can't be shared by {world} devices; "
                "make it a multiple of their number"
            )
        return self

    def _sizes_fit(self) -> None:
        size, channels = (getattr(self.backbone, key, None) for key in ("spatial_size", "channels"))
        if size is None or channels is None:
            raise ValueError(
                "the backbone has no spatial_size or no channels, which its data must have; add them to its keys"
            )
        for name in ("data", "test_data"):
            source = getattr(self, name)
            if source is None:
                continue
            if not hasattr(source, "spatial_size") or sides(source.spatial_size) != sides(size):
                raise ValueError(f"{name}.spatial_size must be the backbone's, {size}")
            if getattr(source, "channels", None) != channels:
                raise ValueError(f"{name}.channels must be the backbone's, {channels}")
        _refuse_views_of_no_image(self)
        if self.channels_last:
            refuse_rank(size, (2, 3), "channels_last=true")
        for name, node in self.augment.items():
            if node is not None and not isinstance(node, Outside):
                refuse_rank(size, node.ranks, f"augment.{name}")


def _refuse_views_of_no_image(config: "EmbeddingConfig | EvaluateConfig") -> None:
    """Images can be mirrored, and square ones turned; what has another number of axes is measured as it is."""
    size = config.backbone.spatial_size
    views = getattr(config.embedder, "test_time_augmentation", 1)
    if config.evaluation.flip:
        height_and_width(size, "evaluation.flip=true")
    if views > 1:
        square_side(size, f"embedder.test_time_augmentation={views}")


class EvaluateConfig(RunConfig):
    """What `likeness evaluate` runs on."""

    backbone: Backbone
    data: Data
    evaluation: Evaluation
    episodes: Episodes | None = None
    identification: Identification | None = None
    clustering: Clustering | None = None
    embedder: Annotated[Embedder, OR_OUTSIDE_IN_PART] | None = None
    head: Head | None = None

    @model_validator(mode="after")
    def _views_fit(self) -> "EvaluateConfig":
        _refuse_views_of_no_image(self)
        return self
