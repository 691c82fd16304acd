"""MTCNN, a cascade of three networks, as a detector.

Zhang, Zhang, Li and Qiao, "Joint face detection and alignment using multi-task cascaded convolutional networks", IEEE
Signal Processing Letters 23(10), 2016.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from likeness.models.detectors.detector import Detections, check_images
from likeness.models.detectors.mtcnn_networks import OutputNetwork, ProposalNetwork, RefinementNetwork
from likeness.models.detectors.mtcnn_stages import (
    finish,
    points_in,
    propose,
    pyramid_scales,
    refine,
)
from likeness.models.detectors.mtcnn_weights import mtcnn_networks
from likeness.models.detectors.summed_areas import SummedAreas

SMALLEST_FACE = 20.0
"""Pixels."""
FACTOR = 0.709
"""From one scale to the next: half the area."""
THRESHOLDS = (0.6, 0.7, 0.7)
"""The least scores by P-, R- and O-Net."""


def published_mtcnn(
    weights: str | Path | Sequence[str | Path] | None = None,
    *,
    smallest_face: float = SMALLEST_FACE,
    factor: float = FACTOR,
    thresholds: Sequence[float] = THRESHOLDS,
) -> "MTCNN":
    """MTCNN with the authors' weights.

    Args:
        weights: as `mtcnn_networks` takes them.
        smallest_face: as `MTCNN` takes it.
        factor: as `MTCNN` takes it.
        thresholds: as `MTCNN` takes them.

    Raises:
        ValueError: there are no such weights, or a number is out of its range.
    """
    return MTCNN(*mtcnn_networks(weights), smallest_face=smallest_face, factor=factor, thresholds=thresholds)


def fresh_mtcnn(
    *,
    smallest_face: float = SMALLEST_FACE,
    factor: float = FACTOR,
    thresholds: Sequence[float] = THRESHOLDS,
    weights: str | None = None,
) -> "MTCNN":
    """MTCNN to be trained.

    Args:
        smallest_face: as `MTCNN` takes it.
        factor: as `MTCNN` takes it.
        thresholds: as `MTCNN` takes them.
        weights: a folder with the three files of the authors' weights to begin with; None for a fresh start.

    Raises:
        ValueError: there are no such weights, or a number is out of its range.
    """
    networks = (
        (ProposalNetwork(), RefinementNetwork(), OutputNetwork())
        if weights is None
        else mtcnn_networks(weights)
    )
    return MTCNN(*networks, smallest_face=smallest_face, factor=factor, thresholds=thresholds)


class MTCNN(nn.Module):
    """The cascade as a `Detector`. Networks run where their parameters are; detections are where the image is.

    Args:
        proposal: P-Net.
        refinement: R-Net.
        output: O-Net.
        smallest_face: pixels of the smallest face's side to look for; the work grows with 1 / its square.
        factor: between two scales of the image pyramid, in (0, 1).
        thresholds: the least scores by P-, R- and O-Net, each in [0, 1].

    Raises:
        ValueError: a number is out of its range.
    """

    def __init__(
        self,
        proposal: ProposalNetwork,
        refinement: RefinementNetwork,
        output: OutputNetwork,
        *,
        smallest_face: float = SMALLEST_FACE,
        factor: float = FACTOR,
        thresholds: Sequence[float] = THRESHOLDS,
    ) -> None:
        super().__init__()
        if not smallest_face >= 1:
            raise ValueError(f"The smallest face has at least one pixel, but smallest_face={smallest_face}.")
        if not 0 < factor < 1:
            raise ValueError(
                f"Each scale is smaller than the one before: factor={factor} is not between 0 and 1."
            )
        if len(thresholds) != 3 or not all(0 <= threshold <= 1 for threshold in thresholds):
            raise ValueError(
                f"Each of three networks has a threshold in [0, 1], but thresholds={list(thresholds)}."
            )
        # Pooling of maps in this order takes an eighth of the time.
        self.proposal = proposal.to(memory_format=torch.channels_last)
        self.refinement = refinement.to(memory_format=torch.channels_last)
        self.output = output.to(memory_format=torch.channels_last)
        self.smallest_face = smallest_face
        self.factor = factor
        self.thresholds = tuple(thresholds)

    @torch.no_grad()
    def forward(self, images: Sequence[Tensor]) -> list[Detections]:
        """The faces of each image; `images` are uint8 `[3, H, W]` of any sizes.

        Raises:
            ValueError: one of them is something else.
        """
        check_images(images)
        return [self._faces(image) for image in images]

    def _faces(self, image: Tensor) -> Detections:
        areas = SummedAreas(image.to(self.proposal.conv1.weight.device))
        by_proposal, by_refinement, by_output = self.thresholds
        scales = pyramid_scales(areas.height, areas.width, self.smallest_face, self.factor)
        windows = propose(self.proposal, areas, scales, by_proposal)
        windows = refine(self.refinement, areas, windows, by_refinement)
        faces = finish(self.output, areas, windows, by_output)
        return Detections(*(values.to(image.device) for values in faces))

    def points(self, image: Tensor, boxes: Tensor) -> Tensor:
        """The points `[N, 5, 2]` that O-Net sees in the squares around `boxes [N, 4]` of `image`, uint8 `[3, H, W]`."""
        return points_in(self.output, image, boxes)
