"""Face R-CNN: the full size, and how its two stages are matched to faces."""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torchvision.models import vgg19

from likeness.models.detectors.face_rcnn import FaceRCNN, VGG19Maps, face_rcnn_small, face_rcnn_vgg19


def test_the_full_size_has_the_parameters_of_its_parts() -> None:
    with torch.device("meta"):
        network = face_rcnn_vgg19()
    anchors = 6 * 2
    trunk = 20_024_384  # torchvision's VGG-19 without its classifier
    proposals = 512 * 512 * 9 + 512 + 513 * anchors * 5
    regions = (512 * 49 + 1) * 4096 + 4097 * 4096 + 4097 * (2 + 8)
    assert sum(p.numel() for p in network.parameters()) == trunk + proposals + regions


def test_the_full_size_sees_at_stride_16() -> None:
    with torch.device("meta"):
        network = face_rcnn_vgg19()
        maps = network.stages.backbone(torch.zeros(1, 3, 608, 800))
        odds, offsets = network.stages.rpn.head(list(maps.values()))
    assert maps["0"].shape == (1, 512, 38, 50)
    assert odds[0].shape == (1, 12, 38, 50)
    assert offsets[0].shape == (1, 48, 38, 50)


def test_weights_of_vgg19_are_taken_and_those_of_vgg16_refused(tmp_path: Path) -> None:
    torch.manual_seed(0)
    with torch.device("meta"):
        state = vgg19(weights=None).features.state_dict(prefix="features.")
    state = {name: torch.rand(value.shape) for name, value in state.items()}
    torch.save(state, tmp_path / "vgg19.pth")
    maps = VGG19Maps(str(tmp_path / "vgg19.pth"))
    assert all(torch.equal(value, state[name]) for name, value in maps.state_dict().items())
    torch.save({k: v for k, v in state.items() if int(k.split(".")[1]) < 12}, tmp_path / "cut.pth")
    with pytest.raises(ValueError, match="vgg19"):
        VGG19Maps(str(tmp_path / "cut.pth"))


def small() -> FaceRCNN:
    torch.manual_seed(0)
    return face_rcnn_small(shorter_sides=(96,), longer_side=128, test_sides=(96,))


@pytest.mark.parametrize("size", [(1, 1), (1, 127), (1, 128), (1, 129), (5000, 1), (2, 300)])
def test_an_image_may_be_as_thin_as_it_likes(size: tuple[int, int]) -> None:
    (found,) = small().eval()([torch.zeros(3, *size, dtype=torch.uint8)])
    assert found.boxes.isfinite().all()


def target(boxes: list[list[float]], labels: list[int]) -> dict[str, Tensor]:
    return {"boxes": torch.tensor(boxes).reshape(-1, 4), "labels": torch.tensor(labels, dtype=torch.long)}


def test_every_face_keeps_a_proposal_and_ignored_ones_are_none() -> None:
    network = small()
    anchors = [torch.tensor([[0.0, 0, 10, 10], [30.0, 30, 60, 60], [80.0, 80, 90, 90]])] * 2
    faces = target([[1.0, 0, 9, 9], [0.0, 1, 9, 9], [32.0, 32, 60, 60]], [1, 1, -1])
    labels, boxes = network.stages.rpn.assign_targets_to_anchors(anchors, [faces, target([], [])])
    assert labels[0].tolist() == [1, -1, 0]
    assert boxes[0][0].tolist() == [1, 0, 9, 9]
    assert labels[1].tolist() == [0, 0, 0]
    two = target([[0.0, 0, 9, 10], [1.0, 0, 10, 10]], [1, 1])
    near = [torch.tensor([[0.0, 0, 10, 10], [2.0, 0, 14, 10]])]
    labels, boxes = network.stages.rpn.assign_targets_to_anchors(near, [two])
    assert labels[0].tolist() == [1, 1]
    assert sorted(boxes[0].tolist()) == two["boxes"].tolist()


def test_regions_of_training_are_all_but_the_ignored() -> None:
    heads = small().stages.roi_heads
    proposals = [torch.tensor([[0.0, 0, 9, 10], [40.0, 40, 70, 70], [80.0, 10, 90, 30]])]
    regions = heads.labelled(proposals, [target([[0.0, 0, 10, 10], [40.0, 40, 70, 71]], [1, -1])])
    assert regions.labels[0].tolist() == [1, 0, 1]  # the face itself comes last
    assert regions.boxes[0].tolist() == [[0, 0, 9, 10], [80, 10, 90, 30], [0, 0, 10, 10]]
    assert len(proposals[0]) == 3
    alone = heads.labelled(proposals, [target([], [])])
    assert alone.labels[0].tolist() == [0, 0, 0]


def test_what_is_found_at_several_sides_is_joined() -> None:
    torch.manual_seed(0)
    image = torch.randint(0, 256, (3, 50, 70), dtype=torch.uint8)
    network = face_rcnn_small(shorter_sides=(64,), longer_side=128, test_sides=(64, 96)).eval()
    both = network([image])[0]
    views = network.views
    each = []
    for view in views:
        network.views = [view]
        each.append(network([image])[0])
    assert {tuple(row) for row in both.boxes.tolist()} <= {
        tuple(row) for found in each for row in found.boxes.tolist()
    }
    assert float(both.scores[0]) == max(float(found.scores[0]) for found in each)
