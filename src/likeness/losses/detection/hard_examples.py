"""Which examples a detector learns from: those that it gets most wrong."""

import math

import torch
from torch import Tensor

from .logistic import BACKGROUND, FACE

SHARE = 0.7
"""Of a batch that enters: MTCNN (Zhang et al. 2016), section II.C, "online hard sample mining"."""

NEGATIVES_PER_POSITIVE = 3
"""Liu et al. 2016 (SSD), section 2.2, which PyramidBox keeps."""


def hardest_share(losses: Tensor, share: float = SHARE) -> Tensor:
    """The greatest `share` of `losses [N]`, `ceil(share N)` of them; gradients reach these alone.

    Raises:
        ValueError: `share` is not in (0, 1].
    """
    if not 0 < share <= 1:
        raise ValueError(f"A share of the examples enters, above 0 and up to 1, but share={share}.")
    return losses.topk(math.ceil(share * len(losses))).values


def hard_negatives(
    losses: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    ratio: float = NEGATIVES_PER_POSITIVE,
    least: int = 0,
) -> Tensor:
    """Which anchors enter, bool `[N]`: each positive, and the `ratio` times as many negatives of the greatest losses.

    Args:
        losses: `[N]`, what each anchor costs as it is.
        positive: bool `[N]`, those that show a face.
        negative: bool `[N]`, those that show none; who is neither does not enter.
        ratio: negatives for each positive.
        least: at least this many negatives, as where an image has no face.
    """
    wanted = max(least, math.floor(ratio * int(positive.sum())))
    return positive | _hardest(losses, negative, wanted)


def hardest_balanced(losses: Tensor, positive: Tensor, negative: Tensor, *, number: int) -> Tensor:
    """Which regions enter, bool `[N]`: half of `number` positives of the greatest losses, and as many negatives.

    Online hard example mining (Shrivastava et al. 2016) of positives and of negatives for themselves, 1:1 (Face R-CNN,
    "online hard example mining"). Where there is no positive, half of `number` negatives enter.

    Args:
        losses: `[N]`, what each region costs as it is.
        positive: bool `[N]`, those that show a face.
        negative: bool `[N]`, those that show none.
        number: of regions at most.
    """
    positives = _hardest(losses, positive, number // 2)
    return positives | _hardest(losses, negative, int(positives.sum()) or number // 2)


def drawn_balanced(losses: Tensor, shown: Tensor, *, number: int, above: float) -> Tensor:
    """Which anchors enter, bool `[N]`: at most half of `number` positives and of negatives, drawn from the hard ones.

    Hu and Ramanan 2017, supplementary material, "online hard mining and balanced sampling": those of a loss up to
    `above` (.03) are left out, and at most 128 of each kind are drawn of the rest. Draws from torch's generator.

    Args:
        losses: `[N]`.
        shown: `[N]`, FACE, BACKGROUND or IGNORED (`logistic`).
        number: of anchors at most.
        above: the loss of an easy anchor.
    """
    chosen = torch.zeros_like(shown, dtype=torch.bool)
    for kind in (FACE, BACKGROUND):
        hard = ((shown == kind) & (losses > above)).nonzero()[:, 0]
        drawn = torch.randperm(len(hard), device=hard.device)[: number // 2]
        chosen[hard[drawn]] = True
    return chosen


def _hardest(losses: Tensor, among: Tensor, number: int) -> Tensor:
    """The up to `number` of `among` with the greatest losses, bool `[N]`; of equals, the first."""
    ranked = torch.where(among, losses.detach(), -math.inf).argsort(descending=True, stable=True)
    chosen = torch.zeros_like(among)
    chosen[ranked[: min(number, int(among.sum()))]] = True
    return chosen
