"""Which face each anchor is to find, against greedy matching by hand over all pairs."""

import pytest
import torch
from torch import Tensor
from torchvision.ops import box_iou

from likeness.models.detectors.anchors import grid_anchors
from likeness.models.detectors.matching import LEFT_OUT, NO_FACE, best_of_each, match


def boxes_drawn(number: int, seed: int, *, extent: float = 100.0, largest: float = 30.0) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    corner = extent * torch.rand(number, 2, generator=draw)
    return torch.cat([corner, corner + 2 + largest * torch.rand(number, 2, generator=draw)], 1)


def nobody(boxes: Tensor) -> Tensor:
    return torch.zeros(len(boxes), dtype=torch.bool)


def greedy(overlap: list[list[float]]) -> list[int]:
    pairs = sorted(
        (
            (-value, face, anchor)
            for face, row in enumerate(overlap)
            for anchor, value in enumerate(row)
            if value > 0
        )
    )
    taken = [-1] * len(overlap)
    for _, face, anchor in pairs:
        if taken[face] < 0 and anchor not in taken:
            taken[face] = anchor
    return taken


@pytest.mark.parametrize("seed", range(8))
def test_each_face_gets_what_greedy_matching_over_all_pairs_gives_it(seed: int) -> None:
    overlap = box_iou(boxes_drawn(12, seed), boxes_drawn(25, seed + 100))
    assert best_of_each(overlap).tolist() == greedy(overlap.tolist())


def test_two_faces_that_share_their_best_anchor_keep_one_each() -> None:
    anchors = torch.tensor([[0.0, 0, 10, 10], [5.0, 0, 15, 10], [50.0, 50, 60, 60]])
    boxes = torch.tensor([[0.0, 0, 9, 10], [1.0, 0, 10, 10]])
    overlap = box_iou(boxes, anchors)
    assert overlap.argmax(1).tolist() == [0, 0]
    matched = match(anchors, boxes, nobody(boxes), positive=0.5, negative=0.3)
    assert set(matched[:2].tolist()) == {0, 1}
    assert matched[2] == NO_FACE


@pytest.mark.parametrize("seed", range(5))
def test_every_face_of_a_crowd_keeps_an_anchor_and_the_rest_follow_the_thresholds(seed: int) -> None:
    anchors = grid_anchors([torch.tensor([[16.0, 16.0], [32.0, 32.0]])], [(12, 12)], [8], torch.device("cpu"))
    boxes = boxes_drawn(60, seed, extent=80, largest=12)
    matched = match(anchors, boxes, nobody(boxes), positive=0.5, negative=0.35)
    assert set(range(60)) <= set(matched.tolist())
    overlap = box_iou(boxes, anchors)
    own = best_of_each(overlap).tolist()
    for anchor, row in enumerate(matched.tolist()):
        if anchor in own:
            assert row == own.index(anchor)
            continue
        best, of = overlap[:, anchor].max(0)
        expected = int(of) if best >= 0.5 else NO_FACE if best < 0.35 else LEFT_OUT
        assert row == expected


def test_ignored_faces_make_their_anchors_ignored_but_take_none_from_others() -> None:
    anchors = torch.tensor([[0.0, 0, 10, 10], [0.0, 0, 10, 12], [40.0, 40, 80, 80], [90.0, 90, 99, 99]])
    boxes = torch.tensor([[0.0, 0, 10, 10], [0.0, 0, 10, 13], [55.0, 55, 60, 60]])
    ignored = torch.tensor([False, True, True])
    matched = match(anchors, boxes, ignored, positive=0.5, negative=0.3)
    assert matched.tolist() == [0, 0, LEFT_OUT, NO_FACE]  # the third face's best anchor is far below .3
    alone = match(anchors, boxes[1:], ignored[1:], positive=0.5, negative=0.3)
    assert alone.tolist() == [LEFT_OUT, LEFT_OUT, LEFT_OUT, NO_FACE]


def test_more_faces_than_anchors_none_and_faces_of_no_area_or_outside() -> None:
    anchors = torch.tensor([[0.0, 0, 10, 10], [20.0, 0, 30, 10]])
    crowd = boxes_drawn(5, 0, extent=4, largest=4)
    assert match(anchors, crowd, nobody(crowd), positive=0.7, negative=0.3)[0] >= 0
    none = crowd[:0]
    assert match(anchors, none, nobody(none), positive=0.7, negative=0.3).tolist() == [NO_FACE] * 2
    assert match(anchors[:0], crowd, nobody(crowd), positive=0.7, negative=0.3).shape == (0,)
    odd = torch.tensor([[5.0, 5, 5, 9], [200.0, 200, 210, 210]])
    assert match(anchors, odd, nobody(odd), positive=0.7, negative=0.3).tolist() == [NO_FACE] * 2


def test_thresholds_out_of_order_are_named() -> None:
    boxes = boxes_drawn(2, 0)
    with pytest.raises(ValueError, match="negative=0"):
        match(boxes, boxes, nobody(boxes), positive=0.3, negative=0.7)
