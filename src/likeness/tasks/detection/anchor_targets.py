"""What a network is to say of its anchors, given the faces of its images."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from likeness.data.faces import Faces
from likeness.losses.detection import BACKGROUND, FACE, IGNORED
from likeness.models.detectors.anchors import scaled
from likeness.models.detectors.matching import LEFT_OUT, match
from likeness.models.detectors.torchvision_private import Weights, encode


class AnchorTargets(NamedTuple):
    """For the A anchors of B images: `shown [B, A]` int64, FACE, BACKGROUND or IGNORED, and `offsets [B, A, 4]`.

    Offsets are those of the face from its anchor (`encode`), and 0 where there is none.
    """

    shown: Tensor
    offsets: Tensor


def anchor_targets(
    anchors: Tensor,
    faces: Sequence[Faces],
    *,
    positive: float,
    negative: float,
    weights: Weights,
    enlarged: float = 1.0,
) -> AnchorTargets:
    """The targets of `anchors [A, 4]` in each image, by `match`.

    Args:
        anchors: x1, y1, x2, y2 in pixels.
        faces: of each image.
        positive: the least intersection over union of an anchor with its face.
        negative: that below which it is background.
        weights: of the offsets (`encode`).
        enlarged: by how much the boxes to find are larger than the faces, about their centres.
    """
    rows = [_of_one(anchors, each, positive, negative, weights, enlarged) for each in faces]
    return AnchorTargets(
        torch.stack([shown for shown, _ in rows]), torch.stack([offsets for _, offsets in rows])
    )


def _of_one(
    anchors: Tensor, faces: Faces, positive: float, negative: float, weights: Weights, enlarged: float
) -> tuple[Tensor, Tensor]:
    boxes = scaled(faces.boxes.to(anchors), enlarged)
    ignored = faces.ignored.to(anchors.device)
    matched = match(anchors, boxes, ignored, positive=positive, negative=negative)
    shown = torch.full_like(matched, BACKGROUND)
    shown[matched == LEFT_OUT] = IGNORED
    shown[matched >= 0] = FACE
    offsets = torch.zeros_like(anchors)
    own = matched >= 0
    offsets[own] = encode(boxes[matched[own]], anchors[own], weights)
    return shown, offsets
