"""The task that trains PyramidBox."""

from collections.abc import Sequence

from torch import Tensor

from likeness.data.as_float import as_float
from likeness.data.faces import Faces
from likeness.losses.detection import NEGATIVES_PER_POSITIVE
from likeness.models.detectors.anchor_detector import AnchorDetector
from likeness.models.detectors.pyramidbox import PyramidBox
from likeness.tasks.detection.pyramidbox_loss import PART_WEIGHTS, PyramidBoxTerms, pyramidbox_loss
from likeness.tasks.detection.task import DetectionTask
from likeness.tasks.task import OptimizerFactory, SchedulerFactory


class PyramidBoxTask(DetectionTask[PyramidBox]):
    """Train PyramidBox by `pyramidbox_loss`.

    Args:
        network: PyramidBox.
        optimizer: from the parameters to the optimizer.
        scheduler: from the optimizer to its schedule by steps, or None.
        part_weights: of faces, heads and bodies in the loss.
        negatives_per_positive: of the greatest losses, so many of which enter.
    """

    def __init__(
        self,
        network: PyramidBox,
        optimizer: OptimizerFactory,
        scheduler: SchedulerFactory | None,
        *,
        part_weights: Sequence[float] = PART_WEIGHTS,
        negatives_per_positive: float = NEGATIVES_PER_POSITIVE,
    ) -> None:
        super().__init__(network, optimizer, scheduler)
        self.part_weights, self.negatives_per_positive = tuple(part_weights), negatives_per_positive

    @property
    def detector(self) -> AnchorDetector:
        """The network, which looks at an image once."""
        return AnchorDetector(self.network)

    def terms(self, images: Tensor, faces: Sequence[Faces]) -> PyramidBoxTerms:
        """The loss of `images`, uint8 `[B, 3, side, side]`, and the faces of each."""
        return pyramidbox_loss(
            self.network,
            as_float(images),
            faces,
            part_weights=self.part_weights,
            negatives_per_positive=self.negatives_per_positive,
        )
