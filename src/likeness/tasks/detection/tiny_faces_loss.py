"""The loss of HR: each template for itself, on drawn hard examples (Hu and Ramanan 2017, supplementary material)."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from likeness.data.faces import Faces
from likeness.losses.detection import FACE, drawn_balanced, huber, logistic_loss
from likeness.models.detectors.tiny_faces import TinyFaces
from likeness.tasks.detection.anchor_targets import anchor_targets

POSITIVE, NEGATIVE = 0.7, 0.3
"""Intersection over union of a face's anchor and of background."""
SAMPLES = 256
"""Anchors of an image, half of them faces' (supplementary material)."""
EASY = 0.03
"""Up to this loss an anchor is easy and left out (supplementary material)."""


class TinyFacesTerms(NamedTuple):
    """A loss and its parts; all 0-d, all but `loss` detached. `hard` is the number of anchors that entered an image."""

    loss: Tensor
    score: Tensor
    box: Tensor
    hard: Tensor


def tiny_faces_loss(
    network: TinyFaces, images: Tensor, faces: Sequence[Faces], *, easy: float = EASY
) -> TinyFacesTerms:
    """The mean logistic loss of drawn hard anchors, half of them faces', and the mean Huber loss of offsets.

    Offsets are learnt by every anchor that is not background, which is ours: nothing holds the scores of those between
    NEGATIVE and POSITIVE down, so that one of them may be the surest at the test. Hard ones alone would soon be none.

    The paper ignores anchors that reach beyond the border. Here they count: crops smaller than its 500 pixels have few
    others, and a network that was told nothing of them finds faces along every border. Draws from torch's generator.

    Args:
        network: in training.
        images: float `[B, 3, H, W]` in [0, 1].
        faces: of each.
        easy: the loss up to which an anchor is left out.
    """
    outputs = network(images)
    targets = anchor_targets(
        outputs.anchors, faces, positive=POSITIVE, negative=NEGATIVE, weights=network.box_weights
    )
    losses = logistic_loss(outputs.log_odds, targets.shown)
    chosen = torch.stack(
        [
            drawn_balanced(loss, kind, number=SAMPLES, above=easy)
            for loss, kind in zip(losses.detach(), targets.shown, strict=True)
        ]
    )
    score = losses[chosen].sum() / chosen.sum().clamp(min=1)
    near = anchor_targets(
        outputs.anchors, faces, positive=NEGATIVE, negative=NEGATIVE, weights=network.box_weights
    )
    placed = near.shown == FACE
    box = huber(outputs.offsets[placed], near.offsets[placed]).sum() / placed.sum().clamp(min=1)
    return TinyFacesTerms(score + box, score.detach(), box.detach(), chosen.sum().float() / len(faces))
