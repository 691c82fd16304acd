"""The three stages of MTCNN's cascade, each from candidates to fewer of them.

Zhang et al. 2016, section II-A; constants are the authors' published ones. Their code counts pixels from 1 and takes a
box's last pixel as part of it: (1, 1, 2, 2) is a square of two pixels. Boxes here are continuous, (0, 0, 2, 2) for the
same, so one that facenet-pytorch 2.6.0 gives as (x1, y1, x2, y2) is here (x1 - 1, y1 - 1, x2, y2). Two lengths in its
arithmetic are one pixel less than a box's side: in the suppression of the first two stages, and in what P-Net's offsets
are parts of. They are kept, since they decide which windows the later networks see.

What a window shows beyond the border is black, as by the authors; facenet-pytorch cuts the window off there and
stretches the rest.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor
from torchvision.ops import nms

from likeness.models.detectors.detector import Detections
from likeness.models.detectors.mtcnn_networks import OutputNetwork, Outputs, Proposals, Refinements
from likeness.models.detectors.summed_areas import SummedAreas
from likeness.models.detectors.suppression import nms_by_minimum

CELL, STRIDE = 12, 2
"""Pixels of P-Net's window, and from one to the next."""
REFINED, OUTPUT = 24, 48
"""Pixels of R-Net's and O-Net's window."""

_OVERLAP_IN_SCALE, _OVERLAP_ACROSS_SCALES, _OVERLAP_REFINED, _OVERLAP_OUTPUT = 0.5, 0.7, 0.7, 0.7
_PIXELS_AT_ONCE = 48 * REFINED**2  # what a network makes of more leaves the nearer caches of a processor


class Windows(NamedTuple):
    """Candidates of one image: `boxes [N, 4]` and `scores [N]`."""

    boxes: Tensor
    scores: Tensor


Answers = TypeVar("Answers", Refinements, Outputs)


def pyramid_scales(height: int, width: int, smallest_face: float, factor: float) -> list[float]:
    """The scales at which a window of 12 pixels shows faces from `smallest_face` to the image's shorter side."""
    scale, scales = CELL / smallest_face, []
    while min(height, width) * scale >= CELL:
        scales.append(scale)
        scale *= factor
    return scales


def normalised(images: Tensor) -> Tensor:
    """Values from 0 to 255 as the networks take them; changes `images`."""
    return images.sub_(127.5).div_(128)


def face_scores(logits: Tensor) -> Tensor:
    """The probability of a face, `[B, ...]`, of `logits [B, 2, ...]`."""
    return (logits[:, 1] - logits[:, 0]).sigmoid()


def propose(
    network: Callable[[Tensor], Proposals], areas: SummedAreas, scales: Sequence[float], threshold: float
) -> Windows:
    """P-Net's windows of one image at all `scales`: squares, which may go over the border."""
    nothing = areas.table.new_zeros(0, 4, dtype=torch.float32)
    found = [(nothing, nothing[:, 0], nothing)]
    found += [_proposed_at(network, areas, scale, threshold) for scale in scales]
    boxes, scores, offsets = (torch.cat(parts) for parts in zip(*found, strict=True))
    kept = nms(_to_last_pixel(boxes), scores, _OVERLAP_ACROSS_SCALES)
    boxes, scores, offsets = boxes[kept], scores[kept], offsets[kept]
    return _visible(squared(boxes + offsets * _sides(_to_last_pixel(boxes))), scores, areas)


def refine(
    network: Callable[[Tensor], Refinements], areas: SummedAreas, windows: Windows, threshold: float
) -> Windows:
    """Those `windows` of an image in which R-Net sees a face, moved by its offsets, and square again."""
    logits, offsets = looked_at(network, areas, windows.boxes, REFINED)
    scores = face_scores(logits)
    sure = scores > threshold
    boxes, scores, offsets = windows.boxes[sure], scores[sure], offsets[sure]
    kept = nms(_to_last_pixel(boxes), scores, _OVERLAP_REFINED)
    return _visible(squared(_moved(boxes[kept], offsets[kept])), scores[kept], areas)


def finish(
    network: Callable[[Tensor], Outputs], areas: SummedAreas, windows: Windows, threshold: float
) -> Detections:
    """The faces that O-Net sees in the `windows` of an image, with their points."""
    logits, offsets, points = looked_at(network, areas, windows.boxes, OUTPUT)
    scores = face_scores(logits)
    sure = scores > threshold
    boxes, scores, offsets = windows.boxes[sure], scores[sure], offsets[sure]
    points = boxes[:, None, :2] + points[sure] * _sides(boxes)[:, None, :2]
    boxes = _moved(boxes, offsets)
    finite = boxes.isfinite().all(1) & points.isfinite().flatten(1).all(1)
    boxes, scores, points = boxes[finite], scores[finite], points[finite]
    kept = nms_by_minimum(boxes, scores, _OVERLAP_OUTPUT)
    return Detections(boxes[kept], scores[kept], points[kept])


def looked_at(network: Callable[[Tensor], Answers], areas: SummedAreas, boxes: Tensor, side: int) -> Answers:
    """What `network` answers to the windows `boxes [N, 4]` of an image, resized to `side` pixels.

    A window shows whole pixels, and what is beyond the border as black.
    """
    portions = torch.split(boxes.floor().long(), _PIXELS_AT_ONCE // side**2)
    answers = [network(normalised(areas.crops(portion, side))) for portion in portions]
    kind = type(answers[0])
    return kind(*(torch.cat(values) for values in zip(*answers, strict=True)))


@torch.no_grad()
def points_in(network: OutputNetwork, image: Tensor, boxes: Tensor) -> Tensor:
    """The points `[N, 5, 2]` that O-Net sees in the squares around `boxes [N, 4]` of `image`, uint8 `[3, H, W]`."""
    areas = SummedAreas(image.to(network.conv1.weight.device))
    squares = squared(boxes.to(areas.table.device)).floor()
    said = looked_at(network, areas, squares, OUTPUT)
    sides = (squares[:, 2:] - squares[:, :2])[:, None]
    return (squares[:, None, :2] + said.points * sides).to(image.device)


def squared(boxes: Tensor) -> Tensor:
    """Squares around the centres of `boxes [N, 4]`, with their longer sides."""
    halves = _sides(boxes).amax(1, keepdim=True).expand(-1, 4) / 2
    centres = (boxes[:, :2] + boxes[:, 2:]).repeat(1, 2) / 2
    return centres + halves * halves.new_tensor([-1, -1, 1, 1])


def _proposed_at(
    network: Callable[[Tensor], Proposals], areas: SummedAreas, scale: float, threshold: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Boxes `[N, 4]` in whole pixels, scores `[N]` and offsets `[N, 4]` at one scale of the image."""
    level = areas.resized(int(areas.height * scale + 1), int(areas.width * scale + 1))
    logits, offsets = network(normalised(level))
    scores = face_scores(logits)[0]
    rows, columns = (scores >= threshold).nonzero(as_tuple=True)
    first = STRIDE * torch.stack([columns, rows], 1).float()
    boxes = torch.cat([((first + 1) / scale).floor() - 1, ((first + CELL) / scale).floor()], 1)
    scores, offsets = scores[rows, columns], offsets[0, :, rows, columns].T
    kept = nms(_to_last_pixel(boxes), scores, _OVERLAP_IN_SCALE)
    return boxes[kept], scores[kept], offsets[kept]


def _visible(boxes: Tensor, scores: Tensor, areas: SummedAreas) -> Windows:
    """Those that show a pixel of the image; boxes too large for whole pixels in float32, or not finite, show none."""
    x1, y1, x2, y2 = boxes.floor().unbind(1)
    across = (x1 < x2) & (x1 < areas.width) & (x2 > 0)
    down = (y1 < y2) & (y1 < areas.height) & (y2 > 0)
    shown = across & down & (boxes.abs() < 2**24).all(1)
    return Windows(boxes[shown], scores[shown])


def _moved(boxes: Tensor, offsets: Tensor) -> Tensor:
    """`boxes [N, 4]`, each edge moved by its offset in parts of the box's side."""
    return boxes + offsets * _sides(boxes)


def _sides(boxes: Tensor) -> Tensor:
    """Width, height, width and height of `boxes [N, 4]`."""
    return (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2)


def _to_last_pixel(boxes: Tensor) -> Tensor:
    """`boxes [N, 4]` that end where their last pixel begins."""
    return boxes - boxes.new_tensor([0, 0, 1, 1])
