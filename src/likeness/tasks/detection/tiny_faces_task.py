"""The task that trains HR."""

from collections.abc import Sequence

from torch import Tensor

from likeness.data.as_float import as_float
from likeness.data.faces import Faces
from likeness.models.detectors.tiny_faces import SCALES, TinyFaces, TinyFacesDetector
from likeness.tasks.detection.task import DetectionTask
from likeness.tasks.detection.tiny_faces_loss import EASY, TinyFacesTerms, tiny_faces_loss
from likeness.tasks.task import OptimizerFactory, SchedulerFactory


class TinyFacesTask(DetectionTask[TinyFaces]):
    """Train HR by `tiny_faces_loss`.

    Args:
        network: HR.
        optimizer: from the parameters to the optimizer.
        scheduler: from the optimizer to its schedule by steps, or None.
        easy: up to this loss an anchor is easy and left out; 0 takes all.
        test_scales: of an image that faces are looked for in.
    """

    def __init__(
        self,
        network: TinyFaces,
        optimizer: OptimizerFactory,
        scheduler: SchedulerFactory | None,
        *,
        easy: float = EASY,
        test_scales: Sequence[float] = SCALES,
    ) -> None:
        super().__init__(network, optimizer, scheduler)
        self.easy, self.test_scales = easy, tuple(test_scales)

    @property
    def detector(self) -> TinyFacesDetector:
        """The network, which looks at an image at `test_scales`."""
        return TinyFacesDetector(self.network, scales=self.test_scales)

    def terms(self, images: Tensor, faces: Sequence[Faces]) -> TinyFacesTerms:
        """The loss of `images`, uint8 `[B, 3, side, side]`, and the faces of each."""
        return tiny_faces_loss(self.network, as_float(images), faces, easy=self.easy)
