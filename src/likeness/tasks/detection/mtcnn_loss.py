"""The loss of one of MTCNN's networks: a face or none, its edges, its points (Zhang et al. 2016, equations 1 to 5)."""

import torch
from torch import Tensor
from torch.nn import functional

from likeness.losses.detection import hardest_share
from likeness.tasks.detection.mtcnn_windows import Labelled


def score_loss(logits: Tensor, windows: Labelled, hard_share: float) -> Tensor:
    """The mean cross-entropy (equation 1) of the hardest share of the windows that show a face or none, 0-d.

    Args:
        logits: `[W, 2]` of no face and a face.
        windows: what they show.
        hard_share: 0.7 in the paper (section II-C), "online hard sample mining".
    """
    counts = windows.counts
    if not counts.any():
        return logits.sum() * 0
    costs = functional.cross_entropy(logits[counts].float(), windows.face[counts].long(), reduction="none")
    return hardest_share(costs, hard_share).mean()


def box_loss(offsets: Tensor, windows: Labelled, *, less: float) -> Tensor:
    """The mean squared distance (equation 2) of the windows with a face or a part, summed over four edges, 0-d.

    Args:
        offsets: `[W, 4]`, of each edge from the window's.
        windows: with the faces' edges.
        less: offsets are in parts of the window's side less so many pixels (`mtcnn_stages`).
    """
    placed = windows.placed
    boxes = windows.boxes[placed]
    sides = (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2) - less
    wanted = (windows.edges[placed] - boxes) / sides
    squares = (offsets[placed].float() - wanted).square().sum(1)
    return squares.sum() / max(1, len(squares))


def points_loss(points: Tensor, windows: Labelled) -> Tensor:
    """The mean squared distance (equation 3) of known points of the windows with a face, summed over a face's, 0-d.

    Args:
        points: `[W, 5, 2]` in parts of the window's side, from its left top corner.
        windows: with the faces' points.
    """
    sides = (windows.boxes[:, 2:] - windows.boxes[:, :2])[:, None]
    wanted = (windows.points - windows.boxes[:, None, :2]) / sides
    known = ~wanted.isnan()
    squares = torch.where(known, (points.float() - wanted.nan_to_num()).square(), 0)
    return squares.sum() / known.any(2).any(1).sum().clamp(min=1)
