"""The schema of the other nodes: tasks, how they are trained and measured, trackers, augmentations."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from likeness.config.schema.base import Node, Positive, Share
from likeness.config.schema.outside import OR_OUTSIDE_CALLED, OR_OUTSIDE_IN_PART


class EmbeddingTask(Node):
    """Learn an embedding by a loss on its distances."""

    target: Literal["likeness.tasks.embedding.EmbeddingTask"] = Field(alias="_target_")
    partial: Literal[True] = Field(alias="_partial_")


class SimilarityTask(Node):
    """Learn the probability that two images are of one identity."""

    of_the_recipe = frozenset({"encoder"})
    target: Literal["likeness.tasks.similarity.SimilarityTask"] = Field(alias="_target_")
    partial: Literal[True] = Field(alias="_partial_")
    encoder: str | None
    frozen: bool


Task = Annotated[EmbeddingTask | SimilarityTask, Field(discriminator="target"), OR_OUTSIDE_IN_PART]


class Sampler(Node):
    """A batch of P identities x K images."""

    identities: Annotated[int, Field(ge=2)]
    images: Annotated[int, Field(ge=2)]
    within_group: Share = 0.0


class Loader(Node):
    """How images reach the network."""

    workers: Annotated[int, Field(ge=0)]
    pin_memory: bool


class Trainer(Node):
    """Lightning's trainer; `max_epochs` has become `max_steps` by the time that a configuration is checked."""

    accelerator: Literal["auto", "cpu", "gpu", "cuda", "mps"]
    devices: Positive
    num_nodes: Positive = 1
    precision: Literal["32", "bf16-mixed", "16-mixed"]
    max_steps: Positive
    max_epochs: Positive | None = None
    accumulate_grad_batches: Positive
    gradient_clip_val: Annotated[float, Field(gt=0)] | None
    val_check_interval: Positive
    log_every_n_steps: Positive
    deterministic: bool | Literal["warn"]
    sync_batchnorm: bool

    @property
    def processes(self) -> int:
        """How many share a batch: one for each device of each machine."""
        return self.devices * self.num_nodes

    @model_validator(mode="before")
    @classmethod
    def _precision_is_a_word(cls, data: dict[str, Any]) -> dict[str, Any]:
        return {**data, "precision": str(data["precision"])} if "precision" in data else data


class Checkpoints(Node):
    """How often a checkpoint is saved, in steps."""

    every: Positive


class _Tracker(Node):
    group: str | None
    tags: list[str]


class WeightsAndBiases(_Tracker):
    """Weights & Biases."""

    target: Literal["likeness.runs.trackers.weights_and_biases.WeightsAndBiases"] = Field(alias="_target_")
    project: str
    mode: Literal["offline", "online"]


class EventFiles(_Tracker):
    """TensorBoard."""

    target: Literal["likeness.runs.trackers.event_files.EventFiles"] = Field(alias="_target_")


class TrackioProject(_Tracker):
    """Trackio."""

    target: Literal["likeness.runs.trackers.trackio_project.TrackioProject"] = Field(alias="_target_")
    project: str


class MlflowExperiment(_Tracker):
    """MLflow."""

    target: Literal["likeness.runs.trackers.mlflow_experiment.MlflowExperiment"] = Field(alias="_target_")
    project: str


class Trackers(Node):
    """Trackers beside `metrics.csv`, which is always written."""

    wandb: WeightsAndBiases | None = None
    tensorboard: EventFiles | None = None
    trackio: TrackioProject | None = None
    mlflow: MlflowExperiment | None = None

    @property
    def chosen(self) -> list[str]:
        """The names of those that a run has."""
        return [name for name in type(self).model_fields if getattr(self, name) is not None]


class Evaluation(Node):
    """How an embedding is measured."""

    batch_size: Positive
    pairs: Annotated[int, Field(ge=20)]
    folds: Annotated[int, Field(ge=2)]
    resamples: Annotated[int, Field(ge=10)]
    far: Annotated[float, Field(gt=0, le=1)] = 0.01
    queries: Positive | None = None
    target: Annotated[float, Field(gt=0, lt=1)] | None = None
    flip: bool
    validation_identities: Annotated[int, Field(ge=2)] | None = None

    @model_validator(mode="after")
    def _two_pairs_a_fold(self) -> "Evaluation":
        if self.pairs < 2 * self.folds:
            raise ValueError(f"evaluation.pairs={self.pairs} gives each of {self.folds} folds fewer than two")
        return self


class Episodes(Node):
    """N-way K-shot episodes to measure on."""

    ways: Annotated[int, Field(ge=2)]
    shots: Positive
    count: Positive

    @property
    def metrics(self) -> tuple[str, ...]:
        """What a run measures on them, on data whose classes are grouped and on others."""
        return tuple(f"oneshot_{kind}/{self.ways}way{self.shots}shot" for kind in ("within", "across"))


class _OfImages(Node):
    """What is done to images alone, which a signal or a volume would take for something else."""

    ranks: ClassVar[tuple[int, ...]] = (2,)


class Flip(_OfImages):
    """Mirror left and right."""

    target: Literal["torchvision.transforms.v2.RandomHorizontalFlip"] = Field(alias="_target_")
    p: Share


class ColorJitter(_OfImages):
    """Vary brightness, contrast, saturation, hue."""

    target: Literal["torchvision.transforms.v2.ColorJitter"] = Field(alias="_target_")
    brightness: Annotated[float, Field(ge=0)] = 0
    contrast: Annotated[float, Field(ge=0)] = 0
    saturation: Annotated[float, Field(ge=0)] = 0
    hue: Annotated[float, Field(ge=0, le=0.5)] = 0


class Grayscale(_OfImages):
    """Take the colour away."""

    target: Literal["torchvision.transforms.v2.RandomGrayscale"] = Field(alias="_target_")
    p: Share


class Affine(_OfImages):
    """Turn (degrees), shift (share of the side), scale."""

    target: Literal["torchvision.transforms.v2.RandomAffine"] = Field(alias="_target_")
    degrees: Annotated[float, Field(ge=0, le=180)]
    translate: Annotated[list[Share], Field(min_length=2, max_length=2)] | None = None
    scale: Annotated[list[float], Field(min_length=2, max_length=2)] | None = None


class KochDistortion(_OfImages):
    """The affine distortions of Koch et al. 2015."""

    target: Literal["likeness.data.affine_distortion.AffineDistortion"] = Field(alias="_target_")
    degrees: Annotated[float, Field(ge=0, le=180)]
    shear: Share
    scale: Annotated[float, Field(ge=0, lt=1)]
    shift: Share
    fill: Share


class Erasing(_OfImages):
    """Blot out a rectangle (Zhong et al. 2020)."""

    target: Literal["torchvision.transforms.v2.RandomErasing"] = Field(alias="_target_")
    p: Share
    scale: Annotated[list[Share], Field(min_length=2, max_length=2)] = Field(default=[0.02, 0.33])


class Blur(_OfImages):
    """Gaussian blur, sigma in pixels."""

    target: Literal["torchvision.transforms.v2.GaussianBlur"] = Field(alias="_target_")
    kernel_size: Annotated[int, Field(ge=1)]
    sigma: Annotated[list[float], Field(min_length=2, max_length=2)]


class TimeShift(Node):
    """Let a signal begin elsewhere (share of the length)."""

    ranks: ClassVar[tuple[int, ...]] = (1,)
    target: Literal["likeness.data.augmentations.TimeShift"] = Field(alias="_target_")
    shift: Share


class Gain(Node):
    """All values by one factor, between `low` and `high`."""

    ranks: ClassVar[tuple[int, ...]] = (1, 3)
    target: Literal["likeness.data.augmentations.Gain"] = Field(alias="_target_")
    low: Annotated[float, Field(gt=0)]
    high: Annotated[float, Field(gt=0)]


class AdditiveNoise(Node):
    """White noise (share of the sample's own deviation)."""

    ranks: ClassVar[tuple[int, ...]] = (1, 2, 3)
    target: Literal["likeness.data.augmentations.AdditiveNoise"] = Field(alias="_target_")
    share: Annotated[float, Field(ge=0)]


class Masking(Node):
    """Hide blocks behind the sample's mean (share of each axis)."""

    ranks: ClassVar[tuple[int, ...]] = (1, 2, 3)
    target: Literal["likeness.data.augmentations.Masking"] = Field(alias="_target_")
    share: Share
    blocks: Positive


class VolumeRotation(Node):
    """Turn a volume about any axis (degrees)."""

    ranks: ClassVar[tuple[int, ...]] = (3,)
    target: Literal["likeness.data.augmentations.VolumeRotation"] = Field(alias="_target_")
    degrees: Annotated[float, Field(ge=0, le=180)]


class RandomCrop(Node):
    """A part of a signal or a volume, brought to the size of the whole (smallest share of each axis)."""

    ranks: ClassVar[tuple[int, ...]] = (1, 3)
    target: Literal["likeness.data.augmentations.RandomCrop"] = Field(alias="_target_")
    smallest: Annotated[float, Field(gt=0, le=1)]


Augmentation = Annotated[
    Flip
    | ColorJitter
    | Grayscale
    | Affine
    | KochDistortion
    | Erasing
    | Blur
    | TimeShift
    | Gain
    | AdditiveNoise
    | Masking
    | VolumeRotation
    | RandomCrop,
    Field(discriminator="target"),
    OR_OUTSIDE_CALLED,
]
