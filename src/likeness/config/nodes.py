"""The schema of every node that may stand in a configuration; together their targets are the allow-list."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0, le=1)]
HardestShare = Annotated[float, Field(gt=0, le=1)]
Positive = Annotated[int, Field(ge=1)]
Channels = Literal[1, 3]
PerChannel = Annotated[list[float], Field(min_length=1, max_length=3)]


class Node(BaseModel):
    """A part of the configuration: its keys are known, and no other is taken."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, protected_namespaces=())


class Pictured(Node):
    """What a network expects of a picture: a side in pixels, channels, mean and standard deviation of [0, 1] values."""

    image_size: Annotated[int, Field(ge=8, le=4096)]
    channels: Channels
    mean: PerChannel
    std: PerChannel

    @model_validator(mode="after")
    def _one_statistic_a_channel(self) -> "Pictured":
        for name in ("mean", "std"):
            if len(getattr(self, name)) != self.channels:
                raise ValueError(f"backbone.{name} needs one number for each of the {self.channels} channels")
        if min(self.std) <= 0:
            raise ValueError("backbone.std must be positive")
        return self


class SmallConv(Pictured):
    """The small convolutional net of our own."""

    target: Literal["likeness.models.small_conv.small_conv"] = Field(alias="_target_")
    width: Positive


class Timm(Pictured):
    """A timm network by name."""

    target: Literal["likeness.models.timm_backbone.timm_backbone"] = Field(alias="_target_")
    name: str
    weights: str | None
    pooling: Literal["own", "flatten"]
    stages: Positive | None
    frozen_stages: Annotated[int, Field(ge=0)]


class Torchvision(Pictured):
    """A torchvision classification network by name, without its last linear layer."""

    target: Literal["likeness.models.torchvision_backbone.torchvision_backbone"] = Field(alias="_target_")
    name: str
    weights: str | None


class Onnx(Pictured):
    """A published encoder, for evaluation."""

    target: Literal["likeness.models.onnx_encoder.OnnxEncoder"] = Field(alias="_target_")
    path: str
    normalize: bool


Backbone = Annotated[SmallConv | Timm | Torchvision | Onnx, Field(discriminator="target")]


class _Triplet(Node):
    margin: Annotated[float, Field(ge=0)] | Literal["soft"]
    distance: Literal["squared", "plain"]
    average: Literal["valid", "active"]


class BatchHard(_Triplet):
    """Batch-hard mining (Hermans et al. 2017)."""

    target: Literal["likeness.losses.BatchHardTripletLoss"] = Field(alias="_target_")


class BatchAll(_Triplet):
    """Every triplet of the batch (Hermans et al. 2017)."""

    target: Literal["likeness.losses.BatchAllTripletLoss"] = Field(alias="_target_")


class SemiHard(_Triplet):
    """FaceNet's semi-hard mining (Schroff et al. 2015)."""

    target: Literal["likeness.losses.SemiHardTripletLoss"] = Field(alias="_target_")


class AllSemiHard(_Triplet):
    """Every semi-hard triplet of the batch."""

    target: Literal["likeness.losses.AllSemiHardTripletLoss"] = Field(alias="_target_")
    margin: Annotated[float, Field(ge=0)]


class Contrastive(Node):
    """Pairs of one person drawn together, those of two pushed apart (Hadsell et al. 2006)."""

    target: Literal["likeness.losses.ContrastiveLoss"] = Field(alias="_target_")
    margin: Annotated[float, Field(gt=0)]
    hardest: HardestShare


class CrossEntropy(Node):
    """Binary cross-entropy over all pairs of the batch, both kinds weighing one half."""

    target: Literal["likeness.losses.PairCrossEntropy"] = Field(alias="_target_")
    hardest: HardestShare


Loss = Annotated[
    BatchHard | BatchAll | SemiHard | AllSemiHard | Contrastive | CrossEntropy,
    Field(discriminator="target"),
]


class _Source(Node):
    image_size: Positive
    channels: Channels


class DrawnFaces(_Source):
    """Faces drawn on the fly."""

    target: Literal["likeness.data.drawn_faces.drawn_faces"] = Field(alias="_target_")
    identities: Positive
    pictures_per_identity: Annotated[int, Field(ge=2)]
    validation_identities: Annotated[int, Field(ge=2)]
    test_identities: Annotated[int, Field(ge=2)]
    seed: Annotated[int, Field(ge=0)]


class _SplitFolder(_Source):
    root: str
    split: Annotated[list[Share], Field(min_length=3, max_length=3)]
    split_seed: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> "_SplitFolder":
        if abs(sum(self.split) - 1) > 1e-6:
            raise ValueError("the three shares of data.split (train, validation, test) must sum to 1")
        return self


class ImageFolder(_SplitFolder):
    """One folder an identity."""

    target: Literal["likeness.data.image_folder.image_folder"] = Field(alias="_target_")


class Celeba(_SplitFolder):
    """CelebA."""

    target: Literal["likeness.data.celeba.celeba"] = Field(alias="_target_")


class InsightfaceRecords(_SplitFolder):
    """insightface's `train.rec` and `train.idx`."""

    target: Literal["likeness.data.insightface.insightface_rec"] = Field(alias="_target_")


class InsightfaceSet(_Source):
    """insightface's verification sets, such as `lfw.bin`."""

    target: Literal["likeness.data.insightface.insightface_bin"] = Field(alias="_target_")
    path: str


class Lfw(_Source):
    """Labeled Faces in the Wild with View 2 pairs; for testing only."""

    target: Literal["likeness.data.lfw.lfw"] = Field(alias="_target_")
    root: str


Data = Annotated[
    DrawnFaces | ImageFolder | Celeba | InsightfaceRecords | InsightfaceSet | Lfw,
    Field(discriminator="target"),
]


class EmbeddingTask(Node):
    """Learn an encoding by a loss on its distances."""

    target: Literal["likeness.tasks.embedding.EmbeddingTask"] = Field(alias="_target_")
    partial: Literal[True] = Field(alias="_partial_")


class SimilarityTask(Node):
    """Learn the probability that two pictures are of one person."""

    target: Literal["likeness.tasks.similarity.SimilarityTask"] = Field(alias="_target_")
    partial: Literal[True] = Field(alias="_partial_")
    encoder: str | None
    frozen: bool


Task = Annotated[EmbeddingTask | SimilarityTask, Field(discriminator="target")]


class Embedder(Node):
    """The projection of a backbone's features to an encoding."""

    target: Literal["likeness.models.embedder.Embedder"] = Field(alias="_target_")
    partial: Literal[True] = Field(alias="_partial_")
    embedding_dim: Annotated[int, Field(ge=2)] | None
    normalize: bool
    dropout: Annotated[float, Field(ge=0, lt=1)]
    batch_norm: bool
    activation: Literal["none", "relu", "softplus"] = "none"


class AbsoluteDifference(Node):
    """Log odds from the absolute differences of two encodings."""

    target: Literal["likeness.models.similarity.absolute_difference"] = Field(alias="_target_")


class ChiSquared(Node):
    """Log odds from the chi-squared differences of two encodings that are not negative."""

    target: Literal["likeness.models.similarity.chi_squared"] = Field(alias="_target_")


Head = Annotated[AbsoluteDifference | ChiSquared, Field(discriminator="target")]


class Sampler(Node):
    """A batch of P identities x K pictures."""

    identities: Annotated[int, Field(ge=2)]
    images: Annotated[int, Field(ge=2)]


class Loader(Node):
    """How pictures reach the network."""

    workers: Annotated[int, Field(ge=0)]
    pin_memory: bool


class _Optimizer(Node):
    partial: Literal[True] = Field(alias="_partial_")
    lr: Annotated[float, Field(gt=0)]
    weight_decay: Annotated[float, Field(ge=0)]
    fused: bool | None


class AdamW(_Optimizer):
    """AdamW (Loshchilov and Hutter 2019)."""

    target: Literal["torch.optim.AdamW"] = Field(alias="_target_")
    betas: Annotated[list[float], Field(min_length=2, max_length=2)]


class Sgd(_Optimizer):
    """Stochastic gradient descent with momentum."""

    target: Literal["torch.optim.SGD"] = Field(alias="_target_")
    momentum: Annotated[float, Field(ge=0, lt=1)]
    nesterov: bool


Optimizer = Annotated[AdamW | Sgd, Field(discriminator="target")]


class OneCycle(Node):
    """The one-cycle schedule (Smith and Topin 2019); its top is `optimizer.lr`."""

    target: Literal["torch.optim.lr_scheduler.OneCycleLR"] = Field(alias="_target_")
    partial: Literal[True] = Field(alias="_partial_")
    max_lr: Annotated[float, Field(gt=0)]
    total_steps: Positive
    pct_start: Share


class Cosine(Node):
    """A cosine from `optimizer.lr` to `eta_min` (Loshchilov and Hutter 2017)."""

    target: Literal["torch.optim.lr_scheduler.CosineAnnealingLR"] = Field(alias="_target_")
    partial: Literal[True] = Field(alias="_partial_")
    T_max: Positive
    eta_min: Annotated[float, Field(ge=0)]


class Constant(Node):
    """One learning rate throughout."""

    target: Literal["torch.optim.lr_scheduler.ConstantLR"] = Field(alias="_target_")
    partial: Literal[True] = Field(alias="_partial_")
    factor: Annotated[float, Field(ge=1, le=1)]


Scheduler = Annotated[OneCycle | Cosine | Constant, Field(discriminator="target")]


class Trainer(Node):
    """Lightning's trainer."""

    accelerator: Literal["auto", "cpu", "gpu", "cuda", "mps"]
    devices: Positive
    precision: Literal["32", "bf16-mixed", "16-mixed"]
    max_steps: Positive
    accumulate_grad_batches: Positive
    gradient_clip_val: Annotated[float, Field(gt=0)] | None
    val_check_interval: Positive
    log_every_n_steps: Positive
    deterministic: bool | Literal["warn"]
    sync_batchnorm: bool

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


class Evaluation(Node):
    """How an encoding is measured."""

    batch_size: Positive
    pairs: Annotated[int, Field(ge=20)]
    folds: Annotated[int, Field(ge=2)]
    resamples: Annotated[int, Field(ge=10)]
    far: Annotated[float, Field(gt=0, le=1)] = 0.01
    flip: bool

    @model_validator(mode="after")
    def _two_pairs_a_fold(self) -> "Evaluation":
        if self.pairs < 2 * self.folds:
            raise ValueError(f"evaluation.pairs={self.pairs} gives each of {self.folds} folds fewer than two")
        return self


class Flip(Node):
    """Mirror left and right."""

    target: Literal["torchvision.transforms.v2.RandomHorizontalFlip"] = Field(alias="_target_")
    p: Share


class ColorJitter(Node):
    """Vary brightness, contrast, saturation, hue."""

    target: Literal["torchvision.transforms.v2.ColorJitter"] = Field(alias="_target_")
    brightness: Annotated[float, Field(ge=0)] = 0
    contrast: Annotated[float, Field(ge=0)] = 0
    saturation: Annotated[float, Field(ge=0)] = 0
    hue: Annotated[float, Field(ge=0, le=0.5)] = 0


class Grayscale(Node):
    """Take the colour away."""

    target: Literal["torchvision.transforms.v2.RandomGrayscale"] = Field(alias="_target_")
    p: Share


class Affine(Node):
    """Turn (degrees), shift (share of the side), scale."""

    target: Literal["torchvision.transforms.v2.RandomAffine"] = Field(alias="_target_")
    degrees: Annotated[float, Field(ge=0, le=180)]
    translate: Annotated[list[Share], Field(min_length=2, max_length=2)] | None = None
    scale: Annotated[list[float], Field(min_length=2, max_length=2)] | None = None


class Erasing(Node):
    """Blot out a rectangle (Zhong et al. 2020)."""

    target: Literal["torchvision.transforms.v2.RandomErasing"] = Field(alias="_target_")
    p: Share
    scale: Annotated[list[Share], Field(min_length=2, max_length=2)] = [0.02, 0.33]


class Blur(Node):
    """Gaussian blur, sigma in pixels."""

    target: Literal["torchvision.transforms.v2.GaussianBlur"] = Field(alias="_target_")
    kernel_size: Annotated[int, Field(ge=1)]
    sigma: Annotated[list[float], Field(min_length=2, max_length=2)]


Augmentation = Annotated[
    Flip | ColorJitter | Grayscale | Affine | Erasing | Blur, Field(discriminator="target")
]
