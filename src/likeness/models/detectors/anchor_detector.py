"""Any network of anchors as a detector."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from likeness.models.detectors.anchors import AnchorOutputs
from likeness.models.detectors.detector import Detections, check_images
from likeness.models.detectors.network_input import on_canvas
from likeness.models.detectors.selection import select
from likeness.models.detectors.torchvision_private import Weights, decode


class AnchorNetwork(Protocol):
    """A network that says of anchors whether they show a face."""

    multiple: int
    """The sides of its images are multiples of this many pixels."""
    box_weights: Weights
    """Of its offsets (`encode`)."""

    def faces(self, images: Tensor) -> AnchorOutputs:
        """Of `images`, float `[B, 3, H, W]` in [0, 1]."""
        ...


class AnchorDetector(nn.Module):
    """A `Detector` by a network of anchors.

    Args:
        network: a module that is an `AnchorNetwork`.
        least_score: of a face.
        overlap: the intersection over union above which the less sure one of two boxes goes.
        most: faces in an image.
    """

    def __init__(
        self, network: AnchorNetwork, *, least_score: float = 0.05, overlap: float = 0.3, most: int = 750
    ) -> None:
        super().__init__()
        self.network = network
        self.least_score, self.overlap, self.most = least_score, overlap, most

    @torch.no_grad()
    def forward(self, images: Sequence[Tensor]) -> list[Detections]:
        """The faces of each image; `images` are uint8 `[3, H, W]` of any sizes.

        Raises:
            ValueError: one of them is something else.
        """
        check_images(images)
        return [self._of(image) for image in images]

    def _of(self, image: Tensor) -> Detections:
        network = self.network
        device = next(self.parameters()).device
        outputs = network.faces(on_canvas(image, network.multiple, device))
        boxes = decode(outputs.offsets[0].float(), outputs.anchors, network.box_weights)
        size = (image.shape[1], image.shape[2])
        found = select(
            boxes,
            outputs.log_odds[0].sigmoid(),
            size,
            least_score=self.least_score,
            overlap=self.overlap,
            most=self.most,
        )
        return Detections(*(values.to(image.device) for values in found))
