"""Test-time augmentation of any detector: it looks at an image at several sizes and mirrored, and the boxes vote."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional

from likeness.data.faces import MIRRORED_POINTS
from likeness.models.detectors.box_voting import OVERLAP, joined, voted
from likeness.models.detectors.detector import Detections, Detector, check_images


class View(NamedTuple):
    """One look at an image: its sides times `scale`, its left and right exchanged or not."""

    scale: float
    mirrored: bool

    def of(self, image: Tensor) -> Tensor:
        """The view of `image`, uint8 `[3, H, W]`; at least one pixel a side."""
        height, width = (max(1, round(side * self.scale)) for side in image.shape[1:])
        if (height, width) != tuple(image.shape[1:]):
            image = functional.resize(image, [height, width], antialias=True)
        return image.flip(2) if self.mirrored else image

    def back(self, detections: Detections, image: Tensor) -> Detections:
        """Detections in the view as they lie in `image`."""
        boxes, scores, points = detections
        height, width = image.shape[1:]
        seen_height, seen_width = (max(1, round(side * self.scale)) for side in (height, width))
        scale = boxes.new_tensor([width / seen_width, height / seen_height])
        boxes, points = boxes * scale.repeat(2), points * scale
        if self.mirrored:
            x1, y1, x2, y2 = boxes.unbind(1)
            boxes = torch.stack([width - x2, y1, width - x1, y2], 1)
            points = torch.stack([width - points[..., 0], points[..., 1]], 2)[:, MIRRORED_POINTS]
        return Detections(boxes, scores, points)


def views(scales: Sequence[float] = (1.0,), *, mirrored: Sequence[bool] = (False, True)) -> list[View]:
    """Every view of `scales` by `mirrored`.

    Raises:
        ValueError: there is none, or a scale isn't above 0.
    """
    if not scales or not mirrored or not all(scale > 0 for scale in scales):
        raise ValueError(
            f"An image is looked at with scales above 0, mirrored or not, but scales={list(scales)} and "
            f"mirrored={list(mirrored)}."
        )
    return [View(scale, turned) for scale in scales for turned in mirrored]


class DetectorInViews:
    """A `Detector` that gives what another one finds in several views of an image, voted.

    Args:
        detector: the other one.
        views: what it looks at.
        overlap: the intersection over union from which on two boxes show the same face.
    """

    def __init__(self, detector: Detector, views: Sequence[View], overlap: float = OVERLAP) -> None:
        self.detector = detector
        self.views = tuple(views)
        self.overlap = overlap

    def __call__(self, images: Sequence[Tensor]) -> list[Detections]:
        """The faces of each of `images`, uint8 `[3, H, W]` of any sizes.

        Raises:
            ValueError: one of them is something else.
        """
        check_images(images)
        by_view = []
        for view in self.views:
            found = self.detector([view.of(image) for image in images])
            by_view.append([view.back(each, image) for each, image in zip(found, images, strict=True)])
        return [voted(joined(list(parts)), self.overlap) for parts in zip(*by_view, strict=True)]
