"""Suppression by the smaller box against a plain double loop."""

import pytest
import torch
from torch import Tensor
from torchvision.ops import nms

from likeness.models.detectors.suppression import nms_by_minimum


def plain(boxes: list[list[float]], scores: list[float], threshold: float) -> list[int]:
    kept: list[int] = []
    for new in sorted(range(len(scores)), key=lambda each: (-scores[each], each)):
        for old in kept:
            (a1, b1, a2, b2), (c1, d1, c2, d2) = boxes[new], boxes[old]
            shared = max(0.0, min(a2, c2) - max(a1, c1)) * max(0.0, min(b2, d2) - max(b1, d1))
            if shared and shared / min((a2 - a1) * (b2 - b1), (c2 - c1) * (d2 - d1)) > threshold:
                break
        else:
            kept.append(new)
    return kept


def drawn(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Boxes in whole and quarter pixels, of few scores, so that many are equal."""
    draw = torch.Generator().manual_seed(seed)
    corner = torch.randint(0, 160, (count, 2), generator=draw) / 4
    sides = torch.randint(4, 80, (count, 2), generator=draw) / 4
    return torch.cat([corner, corner + sides], 1), torch.randint(0, 9, (count,), generator=draw) / 8


def test_it_is_the_plain_double_loop() -> None:
    for seed in range(20):
        boxes, scores = drawn(60, seed)
        expected = plain(boxes.tolist(), scores.tolist(), 0.7)
        assert nms_by_minimum(boxes, scores, 0.7).tolist() == expected


def test_a_small_box_in_a_large_one_goes_where_nms_keeps_both() -> None:
    boxes = torch.tensor([[0.0, 0, 100, 100], [40, 40, 50, 50]])
    scores = torch.tensor([0.9, 0.8])
    assert nms(boxes, scores, 0.7).tolist() == [0, 1]
    assert nms_by_minimum(boxes, scores, 0.7).tolist() == [0]


def test_of_equal_scores_the_first_box_stays() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 1, 10, 11], [0, 0, 10, 10]])
    assert nms_by_minimum(boxes, torch.full((3,), 0.5), 0.7).tolist() == [0]
    assert nms(boxes, torch.full((3,), 0.5), 0.7).tolist() == [0]


def test_boxes_without_an_area_stay_and_suppress_none() -> None:
    boxes = torch.tensor([[5.0, 5, 5, 5], [0, 0, 10, 10]])
    assert nms_by_minimum(boxes, torch.tensor([0.9, 0.8]), 0.7).tolist() == [0, 1]


def test_no_box() -> None:
    assert nms_by_minimum(torch.empty(0, 4), torch.empty(0), 0.7).tolist() == []


@pytest.mark.parametrize("spread", [(40.0, 40.0), (4000.0, 3.0), (3.0, 4000.0)])
def test_boxes_of_all_sizes_over_a_plane_a_row_and_a_column(spread: tuple[float, float]) -> None:
    draw = torch.Generator().manual_seed(1)
    corner = torch.rand(300, 2, generator=draw) * torch.tensor(spread)
    sides = torch.exp(6 * torch.rand(300, 2, generator=draw) - 1)
    boxes, scores = torch.cat([corner, corner + sides], 1), torch.rand(300, generator=draw)
    kept = nms_by_minimum(boxes, scores, 0.7).tolist()
    assert kept == plain(boxes.tolist(), scores.tolist(), 0.7)
    assert 3 < len(kept) < 300


def test_16384_boxes_that_lie_apart_all_stay() -> None:
    corners = 10.0 * torch.cartesian_prod(torch.arange(128), torch.arange(128))
    scores = torch.rand(len(corners), generator=torch.Generator().manual_seed(0))
    kept = nms_by_minimum(torch.cat([corners, corners + 9], 1), scores, 0.7)
    assert torch.equal(kept, scores.argsort(descending=True, stable=True))


def test_32768_boxes() -> None:
    """512 copies, each a little moved, of 64 that are apart: more than an index of 16 bits counts."""
    draw = torch.Generator().manual_seed(0)
    corners = 100.0 * torch.cartesian_prod(torch.arange(8), torch.arange(8)).repeat(512, 1)
    corners += torch.rand(len(corners), 2, generator=draw)
    boxes = torch.cat([corners, corners + 40], 1)
    assert len(boxes) == 32_768
    kept = nms_by_minimum(boxes, torch.rand(len(boxes), generator=draw), 0.7)
    assert len(kept) == 64
    assert len({place % 64 for place in kept.tolist()}) == 64
