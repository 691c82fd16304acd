"""HR: templates for faces of each size, on features that see far around a face, in an image at several scales.

Hu and Ramanan, "Finding tiny faces", CVPR 2017.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.transforms.v2 import functional as images_v2

from likeness.models.detectors.anchors import AnchorOutputs, by_anchor, grid_anchors
from likeness.models.detectors.detector import Detections, check_images
from likeness.models.detectors.network_input import Normalisation, on_canvas
from likeness.models.detectors.selection import joined, select
from likeness.models.detectors.timm_maps import TimmMaps
from likeness.models.detectors.torchvision_private import Weights, decode

STRIDES = (8, 16)
"""Of res3 and res4, whose scores are added on the finer grid."""
SCALES = (0.5, 1.0, 2.0)
"""Of the image pyramid, in training and at the test."""
OVERLAP = 0.3
"""Above which the less sure one of two faces goes: the authors' number."""


class TinyFaces(nn.Module):
    """A score and a box for each template at each cell of 8 pixels, linear in the features of two strides.

    Args:
        network: timm's, such as `resnet101` (up to res4, as in the paper) or `efficientnet_lite0`.
        templates: `[K, 2]`, width and height in pixels (`k_medoids`); the paper has 25.
        weights: as `TimmMaps` takes them.
    """

    multiple = STRIDES[-1]
    box_weights: Weights = (10.0, 10.0, 5.0, 5.0)
    """One by the spread of the offsets, so that all of a loss's parts weigh alike (Girshick 2015's code)."""
    templates: Tensor

    def __init__(
        self, network: str, templates: Sequence[Sequence[float]], *, weights: str | None = None
    ) -> None:
        super().__init__()
        self.features = TimmMaps(network, STRIDES, weights)
        self.normalisation = Normalisation(self.features.mean, self.features.std)
        self.register_buffer("templates", torch.tensor(templates, dtype=torch.float32))
        scores = [nn.Conv2d(channels, 5 * len(templates), 1) for channels in self.features.channels]
        for score in scores:
            assert score.bias is not None
            nn.init.normal_(score.weight, std=0.01)
            nn.init.zeros_(score.bias)
        self.scores = nn.ModuleList(scores)

    def faces(self, images: Tensor) -> AnchorOutputs:
        """Of `images`, float `[B, 3, H, W]` in [0, 1], sides multiples of 16."""
        fine, coarse = (
            score(maps)
            for score, maps in zip(self.scores, self.features(self.normalisation(images)), strict=True)
        )
        raw = fine + functional.interpolate(coarse, size=fine.shape[2:], mode="bilinear", align_corners=False)
        rows = by_anchor(raw, 5).float()
        anchors = grid_anchors([self.templates], [raw.shape[2:]], STRIDES[:1], images.device)
        return AnchorOutputs(rows[..., 0], rows[..., 1:], anchors)

    def forward(self, images: Tensor) -> AnchorOutputs:
        """As `faces`."""
        return self.faces(images)


class TinyFacesDetector(nn.Module):
    """A `Detector`: the network looks at the image at several scales.

    Every template is looked for at each of them, since each is a medoid of faces in squares of all scales. (The paper
    tunes its templates for one scale each, and looks for small ones in the enlarged image alone.)

    Args:
        network: the trained network.
        scales: of the image.
        least_score: of a face.
        overlap: the intersection over union above which the less sure one of two faces goes.
        most: faces in an image.

    Raises:
        ValueError: there is no scale, or one isn't above 0.
    """

    def __init__(
        self,
        network: TinyFaces,
        *,
        scales: Sequence[float] = SCALES,
        least_score: float = 0.05,
        overlap: float = OVERLAP,
        most: int = 750,
    ) -> None:
        super().__init__()
        if not scales or not all(scale > 0 for scale in scales):
            raise ValueError(f"An image is looked at with scales above 0, but scales={list(scales)}.")
        self.network = network
        self.scales = tuple(scales)
        self.least_score, self.overlap, self.most = least_score, overlap, most

    @torch.no_grad()
    def forward(self, images: Sequence[Tensor]) -> list[Detections]:
        """The faces of each image; `images` are uint8 `[3, H, W]` of any sizes.

        Raises:
            ValueError: one of them is something else.
        """
        check_images(images)
        return [
            joined([self._at(image, scale) for scale in self.scales], overlap=self.overlap, most=self.most)
            for image in images
        ]

    def _at(self, image: Tensor, scale: float) -> Detections:
        """The faces of the image seen at one scale, in the pixels of the image itself."""
        height, width = (max(1, round(side * scale)) for side in image.shape[1:])
        seen = image if scale == 1 else images_v2.resize(image, [height, width], antialias=True)
        outputs = self.network.faces(on_canvas(seen, self.network.multiple, self.network.templates.device))
        scores = outputs.log_odds[0].sigmoid()
        boxes = decode(outputs.offsets[0], outputs.anchors, self.network.box_weights)
        found = select(
            boxes,
            scores,
            (height, width),
            least_score=self.least_score,
            overlap=self.overlap,
            most=self.most,
        )
        back = found.boxes.new_tensor([image.shape[2] / width, image.shape[1] / height] * 2)
        return Detections(
            (found.boxes * back).to(image.device),
            found.scores.to(image.device),
            found.points.to(image.device),
        )
