"""What the tasks that train a detector share: squares with their faces to train on, scenes to validate."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Generic, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from likeness.data.faces import Faces, Scene
from likeness.data.scene_batches import SceneBatch
from likeness.errors import LikenessError
from likeness.evaluation.detection import average_precision, precision_recall
from likeness.models.detectors import Detector
from likeness.tasks.gather import measured_once, share_buffers
from likeness.tasks.task import OptimizerFactory, SchedulerFactory, Task, Watched

Network = TypeVar("Network", bound=nn.Module)


class Terms(Protocol):
    """A loss and its parts, a named tuple; all 0-d, all but `loss` detached."""

    @property
    def loss(self) -> Tensor:
        """What is trained."""
        ...

    def _asdict(self) -> dict[str, Tensor]: ...


class Validated(NamedTuple):
    """A validation scene: the boxes `[D, 4]` and scores `[D]` found, the faces `[F, 4]` and which are ignored `[F]`."""

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    faces: NDArray[np.float32]
    ignored: NDArray[np.bool_]


class DetectionTask(Task, Generic[Network]):
    """A network, the loss of its paper, and its validation: the average precision on scenes that are not trained on.

    Each rank looks at its share of the validation scenes; rank 0 measures. There a face lower than `least_height`
    pixels is ignored.

    Args:
        network: what is trained.
        optimizer: from the parameters to the optimizer.
        scheduler: from the optimizer to its schedule by steps, or None.
    """

    family: ClassVar[str] = "detection"
    watched: ClassVar[tuple[Watched, ...]] = (
        Watched("loss", "train/loss", ".3f"),
        Watched("AP", "validation/ap", ".3f"),
    )

    def __init__(
        self, network: Network, optimizer: OptimizerFactory, scheduler: SchedulerFactory | None
    ) -> None:
        super().__init__(optimizer, scheduler)
        self.network: Network = network
        self.least_height = 0.0
        self._validated: list[Validated] = []

    @property
    @abstractmethod
    def detector(self) -> Detector:
        """The network as a detector; to be in evaluation."""

    @abstractmethod
    def terms(self, images: Tensor, faces: Sequence[Faces]) -> Terms:
        """The loss of `images`, uint8 `[B, 3, side, side]`, and the faces of each."""

    def training_step(self, batch: SceneBatch, batch_idx: int) -> Tensor:
        """The loss of a batch."""
        terms = self.terms(batch.images, batch.faces)
        logged = {f"train/{name}": value.detach() for name, value in terms._asdict().items()}
        self.log_dict(logged, batch_size=len(batch.images))
        return terms.loss

    def on_validation_epoch_start(self) -> None:
        """Have all ranks look with the same network."""
        share_buffers(self)

    def validation_step(self, scene: Scene | None, batch_idx: int) -> None:
        """Find the faces of a scene; None is one that can't be read."""
        if scene is not None:
            (found,) = self.detector([scene.image])
            faces = scene.faces
            values = (found.boxes, found.scores, faces.boxes, faces.ignored)
            self._validated.append(Validated(*(value.cpu().numpy() for value in values)))

    def on_validation_epoch_end(self) -> None:
        """Measure what was found; all ranks log what rank 0 measures.

        Raises:
            LikenessError: none of the scenes could be read.
        """
        own, self._validated = self._validated, []
        self.log_dict(measured_once(self._average_precision, own))

    def _average_precision(self, shares: Sequence[list[Validated]]) -> dict[str, float]:
        scenes = [scene for share in shares for scene in share]
        if not scenes:
            raise LikenessError("None of the validation scenes can be read: replace them.")
        curve = precision_recall(*zip(*scenes, strict=True), least_height=self.least_height)
        return {"validation/ap": float(average_precision(curve.recall, curve.precision))}
