"""The task that trains MTCNN's three networks together, each on what the one before it takes for faces."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from likeness.data.faces import Faces
from likeness.losses.detection import SHARE
from likeness.models.detectors import MTCNN
from likeness.models.detectors.mtcnn_stages import (
    CELL,
    OUTPUT,
    REFINED,
    Windows,
    normalised,
    propose,
    pyramid_scales,
    refine,
)
from likeness.models.detectors.summed_areas import SummedAreas
from likeness.tasks.detection.mtcnn_loss import box_loss, points_loss, score_loss
from likeness.tasks.detection.mtcnn_windows import SHARES, Labelled, drawn_windows, labelled
from likeness.tasks.detection.task import DetectionTask
from likeness.tasks.task import OptimizerFactory, SchedulerFactory

SCORE_WEIGHT, BOX_WEIGHT = 1.0, 0.5
POINTS_WEIGHT = 1.0
"""alpha of the three parts (section II-C); points are learnt by O-Net alone, where they weigh 1."""

CANDIDATES = 64
"""Windows of an image that R-Net is asked of in training, the surest that P-Net proposes. Ours."""


class MTCNNTerms(NamedTuple):
    """The loss and those of the three networks; all 0-d, all but `loss` detached."""

    loss: Tensor
    proposal: Tensor
    refinement: Tensor
    output: Tensor
    points: Tensor


class MTCNNTask(DetectionTask[MTCNN]):
    """Train the three networks at every step: P-Net on drawn windows, R-Net on those and on what P-Net proposes, O-Net
    on drawn ones and on what R-Net leaves. So each learns from the mistakes of those before it as they are now.

    Args:
        network: MTCNN.
        optimizer: from the parameters to the optimizer.
        scheduler: from the optimizer to its schedule by steps, or None.
        windows: of an image that enter a network's loss, at most.
        shares: of faces, parts and background among them.
        hard_share: of the windows' scores, the hardest.
        stage_weights: of P-, R- and O-Net's loss; one that weighs 0 is not trained, nor asked.
    """

    def __init__(
        self,
        network: MTCNN,
        optimizer: OptimizerFactory,
        scheduler: SchedulerFactory | None,
        *,
        windows: int = 24,
        shares: Sequence[float] = SHARES,
        hard_share: float = SHARE,
        stage_weights: Sequence[float] = (1.0, 1.0, 1.0),
    ) -> None:
        super().__init__(network, optimizer, scheduler)
        self.windows, self.shares = windows, tuple(shares)
        self.hard_share, self.stage_weights = hard_share, tuple(stage_weights)
        stages = (network.proposal, network.refinement, network.output)
        for stage, weight in zip(stages, self.stage_weights, strict=True):
            stage.requires_grad_(weight > 0)  # devices wait for the gradient of all that requires one

    @property
    def detector(self) -> MTCNN:
        """The network is one."""
        return self.network

    def terms(self, images: Tensor, faces: Sequence[Faces]) -> MTCNNTerms:
        """The loss of `images`, uint8 `[B, 3, side, side]`, and the faces of each."""
        network, size = self.network, (images.shape[2], images.shape[3])
        areas = [SummedAreas(image) for image in images]
        drawn = [drawn_windows(each, size, self.windows) for each in faces]
        first, second, third = self.stage_weights
        none = [Windows(own[:0], own[:0, 0]) for own in drawn]
        proposed = self._proposed(areas) if first and second else none
        refined = self._refined(areas, proposed) if first and second and third else none
        losses, points = [], images.new_zeros((), dtype=torch.float32)
        for stage, weight, side, candidates in zip(
            (network.proposal, network.refinement, network.output),
            self.stage_weights,
            (CELL, REFINED, OUTPUT),
            (none, proposed, refined),
            strict=True,
        ):
            if not weight:
                losses.append(torch.zeros_like(points))
                continue
            chosen = [
                labelled(torch.cat([own, more.boxes]), each, self.windows, self.shares)
                for own, more, each in zip(drawn, candidates, faces, strict=True)
            ]
            crops = [each.crops(some.boxes.long(), side) for each, some in zip(areas, chosen, strict=True)]
            windows = Labelled(*(torch.cat(parts) for parts in zip(*chosen, strict=True)))
            said = stage(normalised(torch.cat(crops)))
            losses.append(
                SCORE_WEIGHT * score_loss(said.logits.flatten(1), windows, self.hard_share)
                + BOX_WEIGHT * box_loss(said.offsets.flatten(1), windows, less=float(side == CELL))
            )
            if stage is network.output:
                points = points_loss(said.points, windows)
                losses[-1] = losses[-1] + POINTS_WEIGHT * points
        weighted = [weight * each for weight, each in zip(self.stage_weights, losses, strict=True)]
        return MTCNNTerms(torch.stack(weighted).sum(), *(each.detach() for each in (*losses, points)))

    @torch.no_grad()
    def _proposed(self, areas: Sequence[SummedAreas]) -> list[Windows]:
        """The surest windows of each image that P-Net proposes as it is now."""
        network, proposed = self.network, []
        for image in areas:
            scales = pyramid_scales(image.height, image.width, network.smallest_face, network.factor)
            found = propose(network.proposal, image, scales, network.thresholds[0])
            surest = found.scores.argsort(descending=True, stable=True)[:CANDIDATES]
            proposed.append(Windows(found.boxes[surest], found.scores[surest]))
        return proposed

    @torch.no_grad()
    def _refined(self, areas: Sequence[SummedAreas], proposed: Sequence[Windows]) -> list[Windows]:
        """Those of the `proposed` windows that R-Net leaves as it is now."""
        network = self.network
        return [
            refine(network.refinement, image, each, network.thresholds[1])
            for image, each in zip(areas, proposed, strict=True)
        ]
