"""What this project expects of torchvision's private parts; a new torchvision that changes them fails here."""

import inspect
import math

import torch
from torch import Tensor
from torchvision.ops import MultiScaleRoIAlign

from likeness.models.detectors import torchvision_private as private

ANCHORS = torch.tensor([[0.0, 0.0, 10.0, 20.0], [5.0, -3.0, 9.0, 4.0]], dtype=torch.float64)
BOXES = torch.tensor([[1.0, 2.0, 4.0, 30.0], [0.0, 0.0, 8.0, 8.0]], dtype=torch.float64)


def test_offsets_are_those_of_the_paper() -> None:
    wx, wy, ww, wh = weights = (10.0, 8.0, 5.0, 4.0)
    offsets = private.encode(BOXES, ANCHORS, weights)
    for row in range(2):
        (ax1, ay1, ax2, ay2), (x1, y1, x2, y2) = ANCHORS[row].tolist(), BOXES[row].tolist()
        expected = [
            wx * ((x1 + x2) / 2 - (ax1 + ax2) / 2) / (ax2 - ax1),
            wy * ((y1 + y2) / 2 - (ay1 + ay2) / 2) / (ay2 - ay1),
            ww * math.log((x2 - x1) / (ax2 - ax1)),
            wh * math.log((y2 - y1) / (ay2 - ay1)),
        ]
        torch.testing.assert_close(offsets[row], torch.tensor(expected, dtype=torch.float64))
    torch.testing.assert_close(private.decode(offsets, ANCHORS, weights), BOXES)


def test_decoding_takes_no_boxes_and_wild_offsets() -> None:
    assert private.decode(torch.zeros(0, 4), torch.zeros(0, 4), (1.0, 1.0, 1.0, 1.0)).shape == (0, 4)
    wild = private.decode(torch.full((2, 4), 1e4), ANCHORS.float(), (1.0, 1.0, 1.0, 1.0))
    assert wild.isfinite().all()
    side = private.decode(torch.tensor([[0.0, 0, 99, 0]]), ANCHORS[:1].float(), (1.0, 1.0, 1.0, 1.0))
    torch.testing.assert_close(side[0, 2] - side[0, 0], torch.tensor(10 * 62.5))


def test_anchors_on_grids_follow_rows_then_columns_then_sizes() -> None:
    generator = private.AnchorGenerator()
    generator.cell_anchors = [torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 2.0, 2.0]])]
    anchors = generator.grid_anchors([[2, 3]], [[torch.tensor(4), torch.tensor(4)]])[0]
    assert anchors[:, :2].tolist() == [[x, y] for y in (0, 4) for x in (0, 4, 8) for _ in range(2)]
    assert (anchors[:, 2] - anchors[:, 0]).tolist() == [1, 2] * 6


def test_what_is_overridden_is_there_and_called_with_what_is_expected() -> None:
    rpn, heads = private.RegionProposalNetwork, private.RoIHeads
    assert [*inspect.signature(rpn.assign_targets_to_anchors).parameters] == ["self", "anchors", "targets"]
    assert [*inspect.signature(heads.subsample).parameters] == ["self", "labels"]
    assert [*inspect.signature(heads.select_training_samples).parameters] == ["self", "proposals", "targets"]
    assert "self.assign_targets_to_anchors(" in inspect.getsource(rpn.forward)
    assert "self.subsample(" in inspect.getsource(heads.select_training_samples)
    assert {"box_roi_pool", "box_head", "box_predictor"} <= set(inspect.signature(heads).parameters)


def test_training_samples_are_boxes_rows_labels_and_offsets() -> None:
    class All(private.RoIHeads):
        def subsample(self, labels: list[Tensor]) -> list[Tensor]:
            return [torch.arange(len(label)) for label in labels]

    heads = All(
        MultiScaleRoIAlign(["0"], 7, 2),
        private.TwoMLPHead(49, 4),
        private.FastRCNNPredictor(4, 2),
        0.5,
        0.5,
        0,
        0.5,
        None,
        0.1,
        0.5,
        10,
    )
    face = torch.tensor([[2.0, 2.0, 12.0, 12.0]])
    proposals = [torch.tensor([[2.0, 2.0, 12.0, 10.0], [40.0, 40.0, 50.0, 50.0]])]
    boxes, rows, labels, offsets = heads.select_training_samples(
        proposals, [{"boxes": face, "labels": torch.tensor([1])}]
    )
    assert torch.equal(boxes[0][-1:], face)  # the faces themselves come last
    assert labels[0].tolist() == [1, 0, 1]
    assert rows[0].tolist() == [0, 0, 0]
    torch.testing.assert_close(offsets[0][0], private.encode(face, boxes[0][:1], (10.0, 10.0, 5.0, 5.0))[0])
