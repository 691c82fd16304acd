"""The windows of an image that MTCNN's networks learn from, and what they are to say of each (Zhang et al. 2016)."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torchvision.ops import box_iou

from likeness.data.faces import Faces

FACE, PART, BACKGROUND = 0.65, 0.4, 0.3
"""Intersection over union: above the first a window shows a face, above the second a part, below the third none."""
SHARES = (0.25, 0.25, 0.5)
"""Of faces, parts and background among the windows that enter; the paper has 1 : 1 : 3, beside windows for points."""
SMALLEST = 12
"""Pixels of the smallest window that is drawn."""
_SIDE, _SHIFT = (0.8, 1.25), 0.2  # of a window around a face, in parts of the face's longer side


class Labelled(NamedTuple):
    """W windows of an image: `boxes [W, 4]` in whole pixels, squares.

    `face [W]`: whether one shows a face (True), none (False); `counts [W]`: whether that is to be said of it; `placed
    [W]`: whether a face's edges are, at `edges [W, 4]`; `points [W, 5, 2]` of the face, NaN where unknown or not
    to be said. All in pixels of the image.
    """

    boxes: Tensor
    face: Tensor
    counts: Tensor
    placed: Tensor
    edges: Tensor
    points: Tensor


def drawn_windows(faces: Faces, size: tuple[int, int], number: int) -> Tensor:
    """Windows `[2 number, 4]` of an image of `size` (height, width): half around its faces, half anywhere.

    Draws from torch's generator; without faces to be found all lie anywhere.
    """
    boxes = faces.boxes[~faces.ignored]
    boxes = boxes[(boxes[:, 2:] > boxes[:, :2]).all(1)]
    if not len(boxes):
        return _anywhere(boxes, size, 2 * number)
    return torch.cat([_around(boxes, number), _anywhere(boxes, size, number)])


def labelled(windows: Tensor, faces: Faces, number: int, shares: Sequence[float] = SHARES) -> Labelled:
    """Up to `number` of an image's `windows [N, 4]`, drawn so that faces, parts and background have their `shares`.

    A window that an ignored face has a part in counts for nothing.
    """
    windows = windows.floor()
    windows = torch.cat(
        [windows[:, :2], windows[:, :2] + (windows[:, 2:] - windows[:, :2]).amax(1)[:, None]], 1
    )
    best, own = _best(windows, faces.boxes[~faces.ignored])
    ignored, _ = _best(windows, faces.boxes[faces.ignored])
    usable = ignored < BACKGROUND
    kinds = (best > FACE, (best > PART) & (best <= FACE) & usable, (best < BACKGROUND) & usable)
    chosen = torch.cat(
        [_some(kind, math.ceil(share * number)) for kind, share in zip(kinds, shares, strict=True)]
    )
    face, part, background = (kind[chosen] for kind in kinds)
    placed = face | part
    edges, points = windows.new_zeros(len(chosen), 4), windows.new_full((len(chosen), 5, 2), torch.nan)
    edges[placed] = faces.boxes[~faces.ignored][own[chosen][placed]]
    points[face] = faces.points[~faces.ignored][own[chosen][face]]
    return Labelled(windows[chosen], face, face | background, placed, edges, points)


def _around(boxes: Tensor, number: int) -> Tensor:
    """Squares `[number, 4]` about as large as a drawn face, and about where it is."""
    drawn = boxes[torch.randint(len(boxes), (number,), device=boxes.device)]
    longer = (drawn[:, 2:] - drawn[:, :2]).amax(1)
    low, high = _SIDE
    side = (longer * torch.empty_like(longer).uniform_(low, high)).clamp(min=SMALLEST)
    shift = torch.empty_like(drawn[:, :2]).uniform_(-_SHIFT, _SHIFT) * longer[:, None]
    return _squares((drawn[:, :2] + drawn[:, 2:]) / 2 + shift, side)


def _anywhere(like: Tensor, size: tuple[int, int], number: int) -> Tensor:
    """Squares `[number, 4]` inside of an image, of any size, small ones as likely as large ones."""
    limits = like.new_tensor([size[1], size[0]])
    largest = float(limits.min())
    least = min(float(SMALLEST), largest)
    side = least * (largest / least) ** torch.rand(number, device=like.device)
    first = torch.rand(number, 2, device=like.device) * (limits - side[:, None])
    return _squares(first + side[:, None] / 2, side)


def _squares(centres: Tensor, sides: Tensor) -> Tensor:
    half = sides[:, None] / 2
    return torch.cat([centres - half, centres + half], 1)


def _best(windows: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Of each window the greatest intersection over union `[N]` with one of `boxes [F, 4]`, and which that is."""
    if not len(boxes):
        return windows.new_zeros(len(windows)), torch.zeros(
            len(windows), dtype=torch.int64, device=windows.device
        )
    best = box_iou(windows, boxes).max(1)
    return best.values.nan_to_num(), best.indices


def _some(kind: Tensor, number: int) -> Tensor:
    """The places of at most `number` of those that are True, drawn."""
    places = kind.nonzero()[:, 0]
    return places[torch.randperm(len(places), device=places.device)[:number]]
