"""The loss of PyramidBox: of faces, heads and bodies, on hard negatives (Tang et al. 2018)."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from likeness.data.faces import Faces
from likeness.losses.detection import (
    BACKGROUND,
    FACE,
    NEGATIVES_PER_POSITIVE,
    hard_negatives,
    logistic_loss,
    smooth_l1,
)
from likeness.models.detectors.anchors import AnchorOutputs
from likeness.models.detectors.pyramidbox import ENLARGED, PyramidBox
from likeness.models.detectors.torchvision_private import Weights
from likeness.tasks.detection.anchor_targets import anchor_targets

OVERLAP = 0.35
"""From which on an anchor is a face's (S3FD, section 3.2)."""
PART_WEIGHTS = (1.0, 0.5, 0.5)
"""The paper's lambda_k of faces, heads and bodies; the values are ours."""


class PyramidBoxTerms(NamedTuple):
    """A loss and its parts; all 0-d, all but `loss` detached. `positives` is the number of faces' anchors an image."""

    loss: Tensor
    face_score: Tensor
    face_box: Tensor
    head: Tensor
    body: Tensor
    positives: Tensor


def pyramidbox_loss(
    network: PyramidBox,
    images: Tensor,
    faces: Sequence[Faces],
    *,
    part_weights: Sequence[float] = PART_WEIGHTS,
    negatives_per_positive: float = NEGATIVES_PER_POSITIVE,
) -> PyramidBoxTerms:
    """`sum_k lambda_k L_k` of faces, heads (k = 1) and bodies (k = 2).

    `L_k` is the mean logistic loss of the positives and of the hardest negatives, three times as many, and the mean
    smooth L1 loss of the positives' offsets. A head is a face's box twice as large, a body's four times: nobody
    annotates them. An image without a face gives one hard negative.

    Args:
        network: in training.
        images: float `[B, 3, H, W]` in [0, 1].
        faces: of each.
        part_weights: lambda_k; 0 leaves a part out.
        negatives_per_positive: how many enter.
    """
    outputs = network(images)
    parts = [
        _of_part(each, faces, network.box_weights, float(ENLARGED**k), negatives_per_positive)
        for k, each in enumerate(outputs)
    ]
    loss = sum(
        (weight * (score + box) for weight, (score, box, _) in zip(part_weights, parts, strict=True)),
        start=torch.zeros((), device=images.device),
    )
    (face_score, face_box, positives), (head_score, head_box, _), (body_score, body_box, _) = parts
    return PyramidBoxTerms(
        loss,
        face_score.detach(),
        face_box.detach(),
        (head_score + head_box).detach(),
        (body_score + body_box).detach(),
        positives / len(faces),
    )


def _of_part(
    outputs: AnchorOutputs, faces: Sequence[Faces], weights: Weights, enlarged: float, ratio: float
) -> tuple[Tensor, Tensor, Tensor]:
    targets = anchor_targets(
        outputs.anchors, faces, positive=OVERLAP, negative=OVERLAP, weights=weights, enlarged=enlarged
    )
    losses = logistic_loss(outputs.log_odds, targets.shown)
    positive, negative = targets.shown == FACE, targets.shown == BACKGROUND
    chosen = torch.stack(
        [
            hard_negatives(*rows, ratio=ratio, least=1)
            for rows in zip(losses.detach(), positive, negative, strict=True)
        ]
    )
    box = smooth_l1(outputs.offsets[positive], targets.offsets[positive])
    return (
        losses[chosen].sum() / chosen.sum().clamp(min=1),
        box.sum() / positive.sum().clamp(min=1),
        positive.sum().float(),
    )
