"""The loss of Face R-CNN: softmax, centre loss and boxes of hard regions, beside that of the proposals."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from likeness.data.faces import Faces
from likeness.losses.detection import CentreLoss, hardest_balanced, smooth_l1
from likeness.models.detectors.face_rcnn import FaceRCNN, FaceRegions, LabelledRegions, Regions

REGIONS = 128
"""Regions of an image that enter, 1:1 as in Face R-CNN; Shrivastava et al. 2016 take as many of two images."""
CENTRE_WEIGHT = 0.003
"""lambda of the centre loss as a mean: that of Wen et al. 2016, section 4.1."""


class FaceRCNNTerms(NamedTuple):
    """A loss and its parts; all 0-d, all but `loss` detached."""

    loss: Tensor
    proposal_score: Tensor
    proposal_box: Tensor
    score: Tensor
    box: Tensor
    centre: Tensor


class FaceRCNNLoss(nn.Module):
    """The multi-task loss, with the centres of faces and of background.

    Args:
        feature_dim: of the network's regions.
        centre_weight: of the centre loss; 0 leaves it out.
        regions: of an image that enter.
    """

    def __init__(
        self, feature_dim: int, *, centre_weight: float = CENTRE_WEIGHT, regions: int = REGIONS
    ) -> None:
        super().__init__()
        self.centres = CentreLoss(feature_dim)
        self.centre_weight, self.regions = centre_weight, regions

    def forward(self, network: FaceRCNN, images: Sequence[Tensor], faces: Sequence[Faces]) -> FaceRCNNTerms:
        """Of `images`, float `[3, H, W]` in [0, 1], and the faces of each; the network is in training."""
        stages = network.stages
        listed, targets = stages.transform(list(images), [_target(each, images[0].device) for each in faces])
        maps = stages.backbone(listed.tensors)
        proposals, first = stages.rpn(listed, maps, targets)
        heads: FaceRegions = stages.roi_heads
        chosen = self._hard(heads, maps, heads.labelled(proposals, targets), listed.image_sizes)
        said = heads.said(maps, chosen.boxes, listed.image_sizes)
        labels = torch.cat(chosen.labels)
        score, box = _costs(said, chosen)
        number = max(1, len(labels))
        centre = self.centres(said.features, labels)
        parts = (
            first["loss_objectness"],
            first["loss_rpn_box_reg"],
            score.sum() / number,
            box.sum() / number,
        )
        return FaceRCNNTerms(
            sum(parts, start=self.centre_weight * centre), *(part.detach() for part in (*parts, centre))
        )

    @torch.no_grad()
    def _hard(
        self,
        heads: FaceRegions,
        maps: dict[str, Tensor],
        regions: LabelledRegions,
        sizes: list[tuple[int, int]],
    ) -> LabelledRegions:
        """The hard regions of each image, 1:1."""
        costs = torch.stack(_costs(heads.said(maps, regions.boxes, sizes), regions)).sum(0)
        kept = [
            hardest_balanced(cost, label == 1, label == 0, number=self.regions)
            for cost, label in zip(
                torch.split(costs, [len(label) for label in regions.labels]), regions.labels, strict=True
            )
        ]
        return LabelledRegions(
            *([row[keep] for row, keep in zip(rows, kept, strict=True)] for rows in regions)
        )


def _costs(said: Regions, regions: LabelledRegions) -> tuple[Tensor, Tensor]:
    """What each region costs, `[R]`: by its class, and, if it is a face, by its box."""
    labels, wanted = torch.cat(regions.labels), torch.cat(regions.offsets)
    score = functional.cross_entropy(said.logits.float(), labels, reduction="none")
    face = labels == 1
    box = torch.zeros_like(score)
    # Of the offsets the last four are those of the class of faces.
    box[face] = smooth_l1(said.offsets[face, 4:], wanted[face])
    return score, box


def _target(faces: Faces, device: torch.device) -> dict[str, Tensor]:
    """Faces as the stages take them: those of no area are left out, and ignored ones have the label -1."""
    boxes, ignored = faces.boxes.to(device), faces.ignored.to(device)
    whole = (boxes[:, 2:] > boxes[:, :2]).all(1)
    return {"boxes": boxes[whole], "labels": torch.where(ignored[whole], -1, 1)}
