"""From thousands of boxes to the faces of an image: ties, boxes that are none, scores that are none, too many."""

from collections.abc import Callable

import pytest
import torch
from face_scenes import two_scenes
from torch import Tensor, nn

from likeness.models.detectors.anchor_detector import AnchorDetector
from likeness.models.detectors.anchors import AnchorOutputs, by_anchor, grid_anchors, scaled
from likeness.models.detectors.detector import Detections, Detector
from likeness.models.detectors.face_rcnn import FaceRCNN, face_rcnn_small
from likeness.models.detectors.network_input import MEAN, on_canvas
from likeness.models.detectors.pyramidbox import PyramidBox
from likeness.models.detectors.selection import joined, select
from likeness.models.detectors.tiny_faces import TinyFaces, TinyFacesDetector
from likeness.models.detectors.torchvision_private import Weights, encode
from likeness.models.detectors.vgg_trunk import VGGTrunk


def selected(boxes: Tensor, scores: Tensor) -> Detections:
    return select(boxes, scores, (100, 100), least_score=0.1, overlap=0.3, most=20)


def test_the_surest_come_first_without_those_that_overlap_and_with_borders_cut() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [1.0, 0, 11, 10], [50.0, 50, 150, 90], [20.0, 20, 30, 30]])
    found = selected(boxes, torch.tensor([0.5, 0.6, 0.9, 0.05]))
    assert found.boxes.tolist() == [[50, 50, 100, 90], [1, 0, 11, 10]]
    torch.testing.assert_close(found.scores, torch.tensor([0.9, 0.6]))
    assert found.points.shape == (2, 5, 2)
    assert found.points.isnan().all()


def test_of_equal_scores_the_first_stays() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [1.0, 0, 11, 10], [0.0, 1, 10, 11]])
    assert selected(boxes, torch.full((3,), 0.7)).boxes.tolist() == [[0, 0, 10, 10]]


def test_boxes_of_no_area_outside_or_no_numbers_and_scores_that_are_none_are_left_out() -> None:
    nan, inf = torch.nan, torch.inf
    boxes = torch.tensor(
        [[5.0, 5, 5, 9], [200.0, 5, 220, 9], [nan, 0, 1, 1], [0.0, 0, inf, 9], [9.0, 9, 3, 3], [1.0, 1, 9, 9]]
    )
    assert len(selected(boxes[:5], torch.ones(5)).boxes) == 0
    assert len(selected(boxes, torch.tensor([1, 1, 1, 1, 1, nan])).boxes) == 0
    assert selected(boxes, torch.ones(6)).boxes.tolist() == [[1, 1, 9, 9]]
    empty = selected(torch.zeros(0, 4), torch.zeros(0))
    assert [tuple(each.shape) for each in empty] == [(0, 4), (0,), (0, 5, 2)]


def test_of_32768_candidates_the_surest_are_found() -> None:
    draw = torch.Generator().manual_seed(0)
    corner = 90 * torch.rand(32768, 2, generator=draw)
    boxes = torch.cat([corner, corner + 5], 1)
    scores = 0.5 * torch.rand(32768, generator=draw)
    scores[31000] = 0.99
    found = selected(boxes, scores)
    torch.testing.assert_close(found.boxes[0], boxes[31000])
    assert len(found.boxes) == 20
    assert (found.scores.diff() <= 0).all()


def test_what_was_found_in_several_ways_is_joined() -> None:
    one = selected(torch.tensor([[0.0, 0, 10, 10], [40.0, 40, 60, 60]]), torch.tensor([0.5, 0.9]))
    two = selected(torch.tensor([[0.0, 0, 10, 11]]), torch.tensor([0.8]))
    both = joined([one, two], overlap=0.3, most=10)
    assert both.boxes.tolist() == [[40, 40, 60, 60], [0, 0, 10, 11]]


def test_anchors_lie_amid_their_cells_and_maps_follow_their_order() -> None:
    sizes = [torch.tensor([[2.0, 4.0], [8.0, 8.0]]), torch.tensor([[16.0, 16.0]])]
    anchors = grid_anchors(sizes, [(2, 3), (1, 1)], [8, 32], torch.device("cpu"))
    assert anchors.shape == (2 * 3 * 2 + 1, 4)
    row = 0
    for y in range(2):
        for x in range(3):
            for width, height in sizes[0].tolist():
                cx, cy = 8 * x + 4, 8 * y + 4
                assert anchors[row].tolist() == [
                    cx - width / 2,
                    cy - height / 2,
                    cx + width / 2,
                    cy + height / 2,
                ]
                row += 1
    assert anchors[-1].tolist() == [8, 8, 24, 24]
    maps = torch.arange(2 * 10 * 2 * 3.0).reshape(2, 10, 2, 3)
    rows = by_anchor(maps, 5)
    assert rows.shape == (2, 12, 5)
    assert rows[1, (1 * 3 + 0) * 2 + 1].tolist() == maps[1, 5:, 1, 0].tolist()


def test_boxes_are_enlarged_about_their_centres() -> None:
    assert scaled(torch.tensor([[2.0, 2, 6, 10]]), 2).tolist() == [[0, -2, 8, 14]]


def test_an_image_lies_at_the_top_left_of_its_canvas_amid_the_mean() -> None:
    image = torch.full((3, 5, 9), 255, dtype=torch.uint8)
    canvas = on_canvas(image, 8, torch.device("cpu"))
    assert canvas.shape == (1, 3, 8, 16)
    assert (canvas[0, :, :5, :9] == 1).all()
    assert canvas[0, :, 7, 15].tolist() == pytest.approx(MEAN)


class _Exact(nn.Module):
    """A network that knows one face."""

    multiple = 16
    box_weights: Weights = (10.0, 10.0, 5.0, 5.0)

    def __init__(self, face: list[float]) -> None:
        super().__init__()
        self.face = nn.Parameter(torch.tensor([face]))

    def faces(self, images: Tensor) -> AnchorOutputs:
        grid = [side // 16 for side in images.shape[2:]]
        anchors = grid_anchors([torch.tensor([[20.0, 20.0]])], [grid], [16], images.device)
        offsets = encode(self.face.expand(len(anchors), 4), anchors, self.box_weights)
        odds = torch.full((1, len(anchors)), -9.0)
        odds[0, 1] = 2.0
        return AnchorOutputs(odds, offsets[None], anchors)


def test_a_detector_decodes_what_its_network_says() -> None:
    found = AnchorDetector(_Exact([3.0, 4.0, 17.0, 25.0]))([torch.zeros(3, 40, 33, dtype=torch.uint8)])[0]
    torch.testing.assert_close(found.boxes, torch.tensor([[3.0, 4.0, 17.0, 25.0]]))
    torch.testing.assert_close(found.scores, torch.tensor([2.0]).sigmoid())


DETECTORS: dict[str, Callable[[], Detector]] = {
    "pyramidbox": lambda: AnchorDetector(PyramidBox(VGGTrunk(1 / 16, batch_norm=True), width=1 / 16)).eval(),
    "tiny_faces": lambda: TinyFacesDetector(TinyFaces("efficientnet_lite0", [[10, 12], [20, 25]])).eval(),
    "face_rcnn": lambda: face_rcnn_small(shorter_sides=(64,), longer_side=96, test_sides=(64,)).eval(),
}


@pytest.mark.parametrize("name", DETECTORS)
def test_images_of_all_sizes_are_taken_alone_as_in_a_batch(name: str) -> None:
    torch.manual_seed(0)
    detector = DETECTORS[name]()
    images = [two_scenes(96)[0][1], torch.zeros(3, 1, 1, dtype=torch.uint8), two_scenes(80)[0][0][:, :, :33]]
    assert detector([]) == []
    together = detector(images)
    assert len(together) == 3
    for image, found in zip(images, together, strict=True):
        alone = detector([image])[0]
        assert torch.equal(alone.boxes, found.boxes)
        assert torch.equal(alone.scores, found.scores)
        assert found.boxes.dtype == found.scores.dtype == torch.float32
        assert found.points.shape == (len(found.boxes), 5, 2)
        assert ((found.scores >= 0) & (found.scores <= 1)).all()
        assert (found.scores.diff() <= 0).all()
        height, width = image.shape[1:]
        assert (found.boxes >= 0).all()
        assert (found.boxes <= torch.tensor([width, height] * 2) + 1e-3).all()
    with pytest.raises(ValueError, match="float32"):
        detector([torch.zeros(3, 8, 8)])


@pytest.mark.parametrize("name", DETECTORS)
@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf, 1e30])
def test_broken_offsets_give_no_broken_boxes(name: str, value: float) -> None:
    """Every second box is off by `value`, and all scores are what they were."""
    torch.manual_seed(0)
    detector = DETECTORS[name]()
    if isinstance(detector, FaceRCNN):
        detector.stages.roi_heads.box_predictor.bbox_pred.register_forward_hook(
            lambda _layer, _given, offsets: _broken(offsets, value)
        )
    else:
        assert isinstance(detector, AnchorDetector | TinyFacesDetector)
        network, whole = detector.network, detector.network.faces
        network.faces = lambda images: _with_broken(whole(images), value)  # type: ignore[method-assign]
    (found,) = detector([two_scenes(96)[0][1]])
    assert len(found.boxes) > 0
    assert found.boxes.isfinite().all()
    assert ((found.boxes >= 0) & (found.boxes <= 96)).all()
    assert found.scores.isfinite().all()


def _with_broken(outputs: AnchorOutputs, value: float) -> AnchorOutputs:
    return outputs._replace(offsets=_broken(outputs.offsets[0], value)[None])


def _broken(offsets: Tensor, value: float) -> Tensor:
    offsets = offsets.clone()
    offsets[::2] = value
    return offsets
