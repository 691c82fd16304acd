"""The losses of the detectors on small images: against loops by hand, and until two images are known by heart."""

import math
from collections.abc import Callable

import pytest
import torch
from face_scenes import faces_at, image_of, two_scenes
from torch import Tensor, nn
from torchvision.models.detection.roi_heads import fastrcnn_loss
from torchvision.ops import box_iou

from likeness.data.faces import Faces
from likeness.losses.detection import BACKGROUND, FACE, IGNORED
from likeness.models.detectors.anchor_detector import AnchorDetector
from likeness.models.detectors.anchors import AnchorOutputs, scaled
from likeness.models.detectors.detector import Detector
from likeness.models.detectors.face_rcnn import face_rcnn_small
from likeness.models.detectors.pyramidbox import PyramidBox
from likeness.models.detectors.tiny_faces import TinyFaces, TinyFacesDetector
from likeness.models.detectors.torchvision_private import decode
from likeness.models.detectors.vgg_trunk import VGGTrunk
from likeness.tasks.detection import FaceRCNNLoss, pyramidbox_loss, tiny_faces_loss
from likeness.tasks.detection.anchor_targets import anchor_targets
from likeness.tasks.detection.face_rcnn_loss import _costs, _target
from likeness.tasks.loss_terms import loss_and_metrics

WEIGHTS = (10.0, 10.0, 5.0, 5.0)


def test_targets_say_what_each_anchor_shows_and_where_it_lies() -> None:
    anchors = torch.tensor([[0.0, 0, 10, 10], [40.0, 40, 60, 60], [80.0, 80, 90, 90], [0.0, 6, 10, 16]])
    faces = [faces_at([[1, 1, 9, 12], [40, 40, 60, 62]], [False, True]), faces_at([])]
    targets = anchor_targets(anchors, faces, positive=0.5, negative=0.3, weights=WEIGHTS)
    assert targets.shown.tolist() == [[FACE, IGNORED, BACKGROUND, IGNORED], [BACKGROUND] * 4]
    torch.testing.assert_close(decode(targets.offsets[0, :1], anchors[:1], WEIGHTS), faces[0].boxes[:1])
    assert not targets.offsets[0, 1:].any()
    assert not targets.offsets[1].any()
    wide = anchor_targets(anchors[:2], faces[:1], positive=0.5, negative=0.3, weights=WEIGHTS, enlarged=2)
    torch.testing.assert_close(
        decode(wide.offsets[0, :1], anchors[:1], WEIGHTS), torch.tensor([[-3.0, -4.5, 13.0, 17.5]])
    )


def smooth(x: float) -> float:
    return x * x / 2 if abs(x) < 1 else abs(x) - 0.5


def log1p_exp(x: float) -> float:
    return math.log1p(math.exp(x))


def outputs_drawn(anchors: Tensor, seed: int) -> AnchorOutputs:
    draw = torch.Generator().manual_seed(seed)
    return AnchorOutputs(
        torch.randn(2, len(anchors), generator=draw), torch.randn(2, len(anchors), 4, generator=draw), anchors
    )


def test_pyramidbox_costs_what_loops_over_faces_heads_and_bodies_give(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(0)
    images, faces = two_scenes(128)
    network = PyramidBox(VGGTrunk(1 / 16, batch_norm=True), width=1 / 16).eval()
    anchors = network(images / 255).face.anchors
    outputs = tuple(outputs_drawn(anchors, seed) for seed in range(3))
    monkeypatch.setattr(network, "forward", lambda images: outputs)
    assert network.box_weights == WEIGHTS
    terms = pyramidbox_loss(network, images / 255, faces, part_weights=(1, 0.4, 0.3))
    total = 0.0
    for said, factor, weight in zip(outputs, (1, 2, 4), (1, 0.4, 0.3), strict=True):
        costs: list[float] = []
        boxes: list[float] = []
        for b in range(2):
            targets = anchor_targets(
                anchors, faces[b : b + 1], positive=0.35, negative=0.35, weights=WEIGHTS, enlarged=factor
            )
            shown = targets.shown[0].tolist()
            assert shown.count(IGNORED) == 0
            negatives = sorted(
                (
                    log1p_exp(z)
                    for z, kind in zip(said.log_odds[b].tolist(), shown, strict=True)
                    if kind == BACKGROUND
                ),
                reverse=True,
            )
            costs += negatives[: 3 * shown.count(FACE)]
            for at, kind in enumerate(shown):
                if kind == FACE:
                    costs.append(log1p_exp(-float(said.log_odds[b, at])))
                    off = (said.offsets[b, at] - targets.offsets[0, at]).tolist()
                    boxes.append(sum(map(smooth, off)))
        total += weight * (sum(costs) / len(costs) + sum(boxes) / len(boxes))
    assert float(terms.loss) == pytest.approx(total, rel=1e-5)


def test_every_face_head_and_body_of_a_crowd_keeps_an_anchor_of_pyramidbox() -> None:
    anchors = PyramidBox(VGGTrunk(1 / 16), width=1 / 16).eval()(torch.zeros(1, 3, 128, 128)).face.anchors
    draw = torch.Generator().manual_seed(0)
    corner = 100 * torch.rand(50, 2, generator=draw)
    crowd = faces_at(torch.cat([corner, corner + 4 + 20 * torch.rand(50, 2, generator=draw)], 1).tolist())
    for factor in (1.0, 2.0, 4.0):
        targets = anchor_targets(
            anchors, [crowd], positive=0.35, negative=0.35, weights=WEIGHTS, enlarged=factor
        )
        found = decode(targets.offsets[0], anchors, WEIGHTS)[targets.shown[0] == FACE]
        distance = (scaled(crowd.boxes, factor)[:, None] - found).abs().amax(2)
        assert (distance.amin(1) < 1e-3).all()


def test_a_part_of_weight_0_teaches_nothing() -> None:
    torch.manual_seed(0)
    network = PyramidBox(VGGTrunk(1 / 16, batch_norm=True), width=1 / 16)
    images, faces = two_scenes(128)
    pyramidbox_loss(network, images / 255, faces, part_weights=(1, 0, 0)).loss.backward()
    gradients = [
        weight.grad.flatten(1).abs().sum(1)
        for weight in network.predictors.parameters()
        if weight.ndim == 4 and weight.grad is not None
    ]
    assert len(gradients) == len(network.predictors)
    assert not any(gradient[8:].any() for gradient in gradients)
    assert any(gradient[:8].any() for gradient in gradients)


def test_tiny_faces_cost_what_loops_over_all_hard_anchors_give(monkeypatch: pytest.MonkeyPatch) -> None:
    images, faces = two_scenes(64)  # of 128 anchors each, so that all hard ones enter
    torch.manual_seed(0)
    network = TinyFaces("efficientnet_lite0", [[24, 30], [36, 44]]).eval()
    anchors = network.faces(images / 255).anchors
    said = outputs_drawn(anchors, 5)
    monkeypatch.setattr(network, "forward", lambda images: said)
    terms = tiny_faces_loss(network, images / 255, faces)
    targets = anchor_targets(anchors, faces, positive=0.7, negative=0.3, weights=network.box_weights)
    near = anchor_targets(anchors, faces, positive=0.3, negative=0.3, weights=network.box_weights)
    costs = []
    boxes = []
    for b in range(2):
        for at, shown in enumerate(targets.shown[b].tolist()):
            cost = log1p_exp(float(said.log_odds[b, at]) * (-1 if shown == FACE else 1))
            if shown != IGNORED and cost > 0.03:
                costs.append(cost)
            if near.shown[b, at] == FACE:
                boxes.append(sum(map(smooth, (said.offsets[b, at] - near.offsets[b, at]).tolist())))
    assert len(boxes) > int((targets.shown == FACE).sum())
    assert float(terms.score) == pytest.approx(sum(costs) / len(costs), rel=1e-5)
    assert float(terms.box) == pytest.approx(sum(boxes) / len(boxes), rel=1e-5)
    assert float(terms.hard) == len(costs) / 2


def test_regions_cost_what_torchvision_says_where_all_of_them_enter() -> None:
    torch.manual_seed(0)
    network = face_rcnn_small(shorter_sides=(96,), longer_side=128, test_sides=(96,)).train()
    images, faces = two_scenes(96)
    criterion = FaceRCNNLoss(network.feature_dim, centre_weight=0, regions=100_000)
    stages = network.stages
    with torch.no_grad():
        listed, targets = stages.transform(
            list(images / 255),
            [_target(each, images.device) for each in faces],
        )
        maps = stages.backbone(listed.tensors)
        proposals, _ = stages.rpn(listed, maps, targets)
        regions = stages.roi_heads.labelled(proposals, targets)
        said = stages.roi_heads.said(maps, regions.boxes, listed.image_sizes)
        score, box = _costs(said, regions)
        by_class, _ = fastrcnn_loss(said.logits, said.offsets, regions.labels, regions.offsets)
    torch.testing.assert_close(score.mean(), by_class)
    labels, wanted = torch.cat(regions.labels), torch.cat(regions.offsets)
    for at in range(len(labels)):
        off = (said.offsets[at, 4:] - wanted[at]).tolist()
        assert float(box[at]) == pytest.approx(sum(map(smooth, off)) if labels[at] else 0, rel=1e-4, abs=1e-5)
    chosen = criterion._hard(stages.roi_heads, maps, regions, listed.image_sizes)
    with torch.no_grad():
        kept = torch.stack(_costs(stages.roi_heads.said(maps, chosen.boxes, listed.image_sizes), chosen)).sum(
            0
        )
    own, rest = [len(label) for label in chosen.labels], [len(label) for label in regions.labels]
    for label, cost, all_labels, all_costs in zip(
        chosen.labels, torch.split(kept, own), regions.labels, torch.split(score + box, rest), strict=True
    ):
        positives = int((all_labels == 1).sum())
        assert label.sum() == positives == len(label) / 2
        hardest = all_costs[all_labels == 0].sort(descending=True).values[:positives]
        torch.testing.assert_close(cost[label == 0].sort(descending=True).values, hardest)


def test_an_image_without_faces_and_one_of_ignored_faces_alone_train_too() -> None:
    torch.manual_seed(0)
    images = torch.stack([image_of(faces_at([]), 128), image_of(faces_at([[10, 10, 40, 50]]), 128)]) / 255
    faces = [faces_at([]), faces_at([[10, 10, 40, 50]], [True])]
    rcnn = face_rcnn_small(shorter_sides=(96,), longer_side=128, test_sides=(96,))
    tiny = TinyFaces("efficientnet_lite0", [[24, 30]])
    pyramid = PyramidBox(VGGTrunk(1 / 16, batch_norm=True), width=1 / 16)
    for module, terms in (
        (rcnn, FaceRCNNLoss(rcnn.feature_dim)(rcnn, list(images), faces)),
        (tiny, tiny_faces_loss(tiny, images, faces)),
        (pyramid, pyramidbox_loss(pyramid, images, faces)),
    ):
        assert terms.loss.isfinite()
        terms.loss.backward()
        assert all(p.grad is None or p.grad.isfinite().all() for p in module.parameters())
        assert set(loss_and_metrics(terms)[1]) == {f"train/{name}" for name in terms._fields}


def test_a_degenerate_box_does_no_harm() -> None:
    torch.manual_seed(0)
    images = image_of(faces_at([]), 128).expand(2, -1, -1, -1) / 255
    faces = [faces_at([[10, 10, 10, 50], [20, 20, 50, 60]])] * 2
    rcnn = face_rcnn_small(shorter_sides=(96,), longer_side=128, test_sides=(96,))
    pyramid = PyramidBox(VGGTrunk(1 / 16, batch_norm=True), width=1 / 16)
    assert FaceRCNNLoss(rcnn.feature_dim)(rcnn, list(images), faces).loss.isfinite()
    assert pyramidbox_loss(pyramid, images, faces).loss.isfinite()


def test_centres_weigh_in_the_loss_and_move_as_it_trains() -> None:
    images, faces = two_scenes(96)
    losses = []
    for weight in (0.0, 0.01):
        torch.manual_seed(0)
        network = face_rcnn_small(shorter_sides=(96,), longer_side=128, test_sides=(96,))
        criterion = FaceRCNNLoss(network.feature_dim, centre_weight=weight)
        terms = criterion(network, list(images / 255), faces)
        losses.append(terms)
        assert (criterion.centres.centres.abs().sum(1) > 0).all()
    assert float((losses[1].loss - losses[0].loss).detach()) == pytest.approx(
        0.01 * float(losses[0].centre), rel=1e-3
    )


def pyramidbox() -> tuple[nn.Module, Callable[[Tensor, list[Faces]], Tensor], Detector]:
    network = PyramidBox(VGGTrunk(1 / 16, batch_norm=True), width=1 / 16)
    return (
        network,
        lambda images, faces: pyramidbox_loss(network, images, faces).loss,
        AnchorDetector(network),
    )


def tiny_faces() -> tuple[nn.Module, Callable[[Tensor, list[Faces]], Tensor], Detector]:
    network = TinyFaces("efficientnet_lite0", [[18, 22], [24, 30], [36, 44]])
    return (
        network,
        lambda images, faces: tiny_faces_loss(network, images, faces).loss,
        TinyFacesDetector(network, scales=(1.0,)),
    )


def face_rcnn() -> tuple[nn.Module, Callable[[Tensor, list[Faces]], Tensor], Detector]:
    network = face_rcnn_small(shorter_sides=(96,), longer_side=128, test_sides=(96,))
    criterion = FaceRCNNLoss(network.feature_dim)
    return network, lambda images, faces: criterion(network, list(images), faces).loss, network


@pytest.mark.parametrize(
    ("made", "side", "steps", "rate"),
    [(pyramidbox, 128, 24, 3e-3), (tiny_faces, 96, 55, 3e-3), (face_rcnn, 96, 72, 1e-3)],
)
def test_two_images_are_learnt_by_heart(
    made: Callable[[], tuple[nn.Module, Callable[[Tensor, list[Faces]], Tensor], Detector]],
    side: int,
    steps: int,
    rate: float,
) -> None:
    torch.manual_seed(0)
    network, loss_of, detector = made()
    images, faces = two_scenes(side)
    optimizer = torch.optim.Adam(network.parameters(), lr=rate)
    losses = []
    for step in range(steps):
        torch.manual_seed(step)
        loss = loss_of(images / 255, faces)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]
    network.eval()
    for found, wanted in zip(detector(list(images)), faces, strict=True):
        surest = found.boxes[: len(wanted.boxes)]
        assert (box_iou(wanted.boxes, surest).max(1).values > 0.4).all()
