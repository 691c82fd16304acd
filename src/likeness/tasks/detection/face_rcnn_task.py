"""The task that trains Face R-CNN."""

from collections.abc import Sequence

from torch import Tensor

from likeness.data.as_float import as_float
from likeness.data.faces import Faces
from likeness.models.detectors.face_rcnn import FaceRCNN
from likeness.tasks.detection.face_rcnn_loss import CENTRE_WEIGHT, REGIONS, FaceRCNNLoss, FaceRCNNTerms
from likeness.tasks.detection.task import DetectionTask
from likeness.tasks.task import OptimizerFactory, SchedulerFactory


class FaceRCNNTask(DetectionTask[FaceRCNN]):
    """Train Face R-CNN by `FaceRCNNLoss`.

    Args:
        network: Face R-CNN.
        optimizer: from the parameters to the optimizer.
        scheduler: from the optimizer to its schedule by steps, or None.
        centre_weight: of the centre loss; 0 leaves it out.
        regions: of an image that enter, hard ones.
    """

    def __init__(
        self,
        network: FaceRCNN,
        optimizer: OptimizerFactory,
        scheduler: SchedulerFactory | None,
        *,
        centre_weight: float = CENTRE_WEIGHT,
        regions: int = REGIONS,
    ) -> None:
        super().__init__(network, optimizer, scheduler)
        self.loss = FaceRCNNLoss(network.feature_dim, centre_weight=centre_weight, regions=regions)

    @property
    def detector(self) -> FaceRCNN:
        """The network is one."""
        return self.network

    def terms(self, images: Tensor, faces: Sequence[Faces]) -> FaceRCNNTerms:
        """The loss of `images`, uint8 `[B, 3, side, side]`, and the faces of each."""
        terms: FaceRCNNTerms = self.loss(self.network, list(as_float(images)), faces)
        return terms
