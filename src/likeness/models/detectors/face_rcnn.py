"""Face R-CNN: Faster R-CNN for faces, whose regions are told apart with centre loss and hard examples.

Wang, Li, Ji and Wang, "Face R-CNN", arXiv:1706.01061, 2017, on Faster R-CNN (Ren et al. 2015). The parts are
torchvision's; here they are matched to faces as all detectors here are, and the regions' features are at hand for the
loss.
"""

from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torchvision.models import vgg19
from torchvision.ops import FeaturePyramidNetwork, MultiScaleRoIAlign

from likeness.models.detectors.detector import Detections, check_images
from likeness.models.detectors.matching import LEFT_OUT, match
from likeness.models.detectors.network_input import MEAN, STD
from likeness.models.detectors.selection import joined, without_points
from likeness.models.detectors.timm_maps import TimmMaps
from likeness.models.detectors.torchvision_private import (
    AnchorGenerator,
    FastRCNNPredictor,
    GeneralizedRCNN,
    GeneralizedRCNNTransform,
    RegionProposalNetwork,
    RoIHeads,
    RPNHead,
    TwoMLPHead,
)
from likeness.models.features.vgg_architecture import layer_names
from likeness.models.features.vgg_weights import load_vgg

PROPOSAL_POSITIVE, PROPOSAL_NEGATIVE = 0.7, 0.3
"""Of the region proposal network's anchors (Ren et al. 2015, section 3.1.2)."""
PROPOSAL_SAMPLES, PROPOSAL_SHARE = 256, 0.5
"""Anchors of an image that enter, and the share of positives (Ren et al. 2015, section 3.1.3)."""
PROPOSAL_OVERLAP = 0.7
"""Above which the less sure one of two proposals goes; 2000 are left in training (Ren et al. 2015, section 3.3)."""
REGION_POSITIVE = 0.5
"""Of the regions (Girshick 2015, section 2.3)."""
RATIOS = (1.0, 1.5)
"""Height by width of the anchors: a face is as high as it is wide, or higher. Ours; Ren et al. have 1/2, 1, 2."""


class Backbone(nn.Module):
    """Gives maps by name, all of `out_channels` channels, of images normalised by `mean` and `std` (RGB in [0, 1])."""

    out_channels: int
    mean: Sequence[float]
    std: Sequence[float]

    @abstractmethod
    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """The maps of normalised `images [B, 3, H, W]`."""


class Regions(NamedTuple):
    """What the second stage says of R regions: `features [R, D]`, `logits [R, 2]` and `offsets [R, 8]`."""

    features: Tensor
    logits: Tensor
    offsets: Tensor


class LabelledRegions(NamedTuple):
    """Regions of each image: `boxes [R, 4]`, `labels [R]` (1 or 0), `offsets [R, 4]` of the face from it."""

    boxes: list[Tensor]
    labels: list[Tensor]
    offsets: list[Tensor]


class FaceProposals(RegionProposalNetwork):
    """torchvision's region proposal network, in whose training every face keeps an anchor and ignored faces count not.

    Targets are as `FaceRCNN.prepared` makes them: an ignored face has the label -1.
    """

    def assign_targets_to_anchors(
        self, anchors: list[Tensor], targets: list[dict[str, Tensor]]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """For each image `[A]` 1, 0 or -1, and the face's box of each anchor, `[A, 4]`."""
        labels, matched_boxes = [], []
        for own, target in zip(anchors, targets, strict=True):
            boxes = target["boxes"]
            matched = match(
                own, boxes, target["labels"] < 0, positive=PROPOSAL_POSITIVE, negative=PROPOSAL_NEGATIVE
            )
            label = (matched >= 0).float()
            labels.append(label.masked_fill(matched == LEFT_OUT, -1))
            matched_boxes.append(boxes[matched.clamp(min=0)] if len(boxes) else torch.zeros_like(own))
        return labels, matched_boxes


class FaceRegions(RoIHeads):
    """torchvision's second stage, with its features."""

    def labelled(self, proposals: list[Tensor], targets: list[dict[str, Tensor]]) -> LabelledRegions:
        """All regions that training may take: the proposals and the faces themselves, without ignored ones."""
        boxes, _, labels, offsets = self.select_training_samples(list(proposals), targets)
        return LabelledRegions(boxes, labels, list(offsets))

    def said(self, maps: dict[str, Tensor], boxes: list[Tensor], sizes: list[tuple[int, int]]) -> Regions:
        """What is said of `boxes` of each image, one after the other."""
        features = self.box_head(self.box_roi_pool(maps, boxes, sizes))
        return Regions(features, *self.box_predictor(features))

    def subsample(self, labels: list[Tensor]) -> list[Tensor]:
        """All of each image that are not ignored: which of them enter is for the loss to say."""
        return [(label >= 0).nonzero()[:, 0] for label in labels]


class FaceRCNN(nn.Module):
    """The two stages; a `Detector`.

    Args:
        backbone: what the stages stand on.
        maps: the maps' names.
        anchors: for each map the sides of its anchors, in pixels of the resized image.
        hidden: the width D of the second stage's two layers.
        shorter_sides: to one of which the image's shorter side is resized in training, drawn for each image from
            torch's generator (the paper's multi-scale training).
        longer_side: which no resized image exceeds.
        test_sides: to each of which the image's shorter side is resized at the test; what is found is joined.
        proposals: how many regions the first stage hands on, in training and at the test.
        least_score: of a face.
        overlap: the intersection over union above which the less sure one of two faces goes.
        most: faces in an image.
    """

    def __init__(
        self,
        backbone: Backbone,
        *,
        maps: Sequence[str],
        anchors: Sequence[Sequence[int]],
        hidden: int,
        shorter_sides: Sequence[int],
        longer_side: int,
        test_sides: Sequence[int],
        proposals: tuple[int, int] = (2000, 1000),
        least_score: float = 0.05,
        overlap: float = 0.3,
        most: int = 300,
    ) -> None:
        super().__init__()
        channels, mean, std = backbone.out_channels, list(backbone.mean), list(backbone.std)
        generator = AnchorGenerator(tuple(tuple(sides) for sides in anchors), tuple(RATIOS for _ in anchors))
        pooling = MultiScaleRoIAlign(list(maps), output_size=7, sampling_ratio=2)
        numbers = dict(zip(("training", "testing"), proposals, strict=True))
        self.feature_dim = hidden
        self.longer_side, self.overlap, self.most = longer_side, overlap, most
        # A list of them, since they hold no parameters; and in evaluation for good, as they are for the test alone.
        self.views = [GeneralizedRCNNTransform(side, longer_side, mean, std).eval() for side in test_sides]
        self.stages = GeneralizedRCNN(
            backbone,
            FaceProposals(
                generator,
                RPNHead(channels, generator.num_anchors_per_location()[0]),
                PROPOSAL_POSITIVE,
                PROPOSAL_NEGATIVE,
                PROPOSAL_SAMPLES,
                PROPOSAL_SHARE,
                numbers,
                numbers,
                PROPOSAL_OVERLAP,
            ),
            FaceRegions(
                pooling,
                TwoMLPHead(channels * 7 * 7, hidden),
                FastRCNNPredictor(hidden, 2),
                fg_iou_thresh=REGION_POSITIVE,
                bg_iou_thresh=REGION_POSITIVE,
                batch_size_per_image=0,
                positive_fraction=0.5,
                bbox_reg_weights=None,
                score_thresh=least_score,
                nms_thresh=overlap,
                detections_per_img=most,
            ),
            GeneralizedRCNNTransform(tuple(shorter_sides), longer_side, mean, std),
        )

    @torch.no_grad()
    def forward(self, images: Sequence[Tensor]) -> list[Detections]:
        """The faces of each image; `images` are uint8 `[3, H, W]` of any sizes. To be in evaluation.

        Raises:
            ValueError: one of them is something else.
        """
        check_images(images)
        return [self._of(image) for image in images]

    def _of(self, image: Tensor) -> Detections:
        if min(image.shape[1:]) * self.longer_side <= max(
            image.shape[1:]
        ):  # resized it has not a pixel across
            nothing = torch.zeros(0, 4, device=image.device)
            return Detections(nothing, nothing[:, 0], without_points(nothing))
        found = joined([self._in(image, view) for view in self.views], overlap=self.overlap, most=self.most)
        return Detections(*(values.to(image.device) for values in found))

    def _in(self, image: Tensor, view: GeneralizedRCNNTransform) -> Detections:
        """The faces of the image resized by `view`, in the pixels of the image itself."""
        device = next(self.parameters()).device
        listed, _ = view([image.to(device).float() / 255])
        maps = self.stages.backbone(listed.tensors)
        proposals, _ = self.stages.rpn(listed, maps)
        found, _ = self.stages.roi_heads(maps, proposals, listed.image_sizes)
        size = (image.shape[1], image.shape[2])
        found = view.postprocess(found, listed.image_sizes, [size])[0]
        return Detections(found["boxes"], found["scores"], without_points(found["boxes"]))


class VGG19Maps(Backbone):
    """conv5_4 of VGG-19, at stride 16.

    Args:
        weights: of its convolutions on ImageNet: `hub`, a file in torchvision's layout, or None for a fresh start.

    Raises:
        ValueError: they can't be had or read, or are another network's.
    """

    out_channels = 512
    mean, std = MEAN, STD

    def __init__(self, weights: str | None = None) -> None:
        super().__init__()
        self.features = vgg19(weights=None).features[:-1]  # without the last pooling
        if weights is not None:
            names = layer_names("vgg19")
            convolutions = {
                name: self.features[place] for place, name in enumerate(names) if name.startswith("conv")
            }
            load_vgg(convolutions, "vgg19", weights, names)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """`[B, 512, H / 16, W / 16]`."""
        return OrderedDict([("0", self.features(images))])


class PyramidMaps(Backbone):
    """A feature pyramid (Lin et al. 2017) on a timm network at strides 8, 16 and 32.

    Args:
        network: timm's name.
        channels: of each map.
        weights: as `TimmMaps` takes them.
    """

    def __init__(self, network: str, channels: int, weights: str | None = None) -> None:
        super().__init__()
        self.features = TimmMaps(network, (8, 16, 32), weights)
        self.pyramid = FeaturePyramidNetwork(self.features.channels, channels)
        self.mean, self.std = self.features.mean, self.features.std
        self.out_channels = channels

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Maps `[B, channels, H / s, W / s]`."""
        maps = self.features(images)
        found: dict[str, Tensor] = self.pyramid(
            OrderedDict((str(place), each) for place, each in enumerate(maps))
        )
        return found


def face_rcnn_vgg19(
    *,
    weights: str | None = None,
    shorter_sides: Sequence[int] = (480, 600, 800, 1000),
    longer_side: int = 1600,
    test_sides: Sequence[int] = (600, 800, 1000),
) -> FaceRCNN:
    """Full size: VGG-19, as in the paper; anchors and sides are ours.

    Args:
        weights: as `VGG19Maps` takes them.
        shorter_sides: as `FaceRCNN` takes them.
        longer_side: as `FaceRCNN` takes it.
        test_sides: as `FaceRCNN` takes them.
    """
    return FaceRCNN(
        VGG19Maps(weights),
        maps=["0"],
        anchors=[(16, 32, 64, 128, 256, 512)],
        hidden=4096,
        shorter_sides=shorter_sides,
        longer_side=longer_side,
        test_sides=test_sides,
    )


def face_rcnn_small(
    network: str = "tf_efficientnet_lite0",
    *,
    weights: str | None = None,
    shorter_sides: Sequence[int] = (160, 192, 256),
    longer_side: int = 1024,
    test_sides: Sequence[int] = (320,),
) -> FaceRCNN:
    """For minutes on a processor: a feature pyramid on a small network.

    Args:
        network: timm's name.
        weights: as `TimmMaps` takes them.
        shorter_sides: as `FaceRCNN` takes them.
        longer_side: as `FaceRCNN` takes it.
        test_sides: as `FaceRCNN` takes them.
    """
    return FaceRCNN(
        PyramidMaps(network, 64, weights),
        maps=["0", "1", "2"],
        anchors=[(12, 20), (32, 56), (96, 180)],
        hidden=256,
        shorter_sides=shorter_sides,
        longer_side=longer_side,
        test_sides=test_sides,
        proposals=(300, 200),
    )
