"""Every face keeps an anchor: random boxes of all sizes, the same box again, ties, and boxes of no area."""

import pytest
import torch
from torch import Tensor
from torchvision.ops import box_iou

from likeness.models.detectors.matching import NO_FACE, best_of_each, match

POSITIVE, NEGATIVE = 0.5, 0.3


def squares(stride: int, side: float, number: int) -> Tensor:
    centre = (torch.arange(number) + 0.5) * stride
    y, x = torch.meshgrid(centre, centre, indexing="ij")
    xy = torch.stack([x, y], -1).reshape(-1, 2)
    return torch.cat([xy - side / 2, xy + side / 2], 1)


ANCHORS = torch.cat([squares(4, 16, 32), squares(8, 32, 16), squares(16, 64, 8), squares(32, 128, 4)])


def faces(seed: int, number: int = 12) -> Tensor:
    """Boxes of all sizes in 128 pixels, some beyond the border, and each third one the same as the one before."""
    draw = torch.Generator().manual_seed(seed)
    centre = 128 * torch.rand(number, 2, generator=draw)
    sides = torch.exp(2 + 3 * torch.rand(number, 1, generator=draw)) * (1 + torch.rand(1, 2, generator=draw))
    boxes = torch.cat([centre - sides / 2, centre + sides / 2], 1)
    boxes[2::3] = boxes[1::3]
    return boxes


def none_ignored(boxes: Tensor) -> Tensor:
    return torch.zeros(len(boxes), dtype=torch.bool)


def matched(anchors: Tensor, boxes: Tensor, ignored: Tensor | None = None) -> Tensor:
    kind = none_ignored(boxes) if ignored is None else ignored
    return match(anchors, boxes, kind, positive=POSITIVE, negative=NEGATIVE)


def greedy(overlap: Tensor) -> list[int]:
    """The greatest of all pairs, again and again; of equals the first face and then the first anchor."""
    left, taken = overlap.clone(), [-1] * len(overlap)
    while left.numel() and float(left.max()) > 0:
        row, at = divmod(int(left.argmax()), left.shape[1])
        taken[row] = at
        left[row], left[:, at] = 0, 0
    return taken


@pytest.mark.parametrize("seed", range(20))
def test_every_face_keeps_an_anchor_that_it_overlaps_with(seed: int) -> None:
    boxes = faces(seed)
    own = matched(ANCHORS, boxes)
    overlap = box_iou(boxes, ANCHORS)
    for row in range(len(boxes)):
        mine = own == row
        assert mine.any()
        assert (overlap[row, mine] > 0).all()


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("kind", ["boxes", "ties", "crowd"])
def test_best_of_each_is_greedy_by_the_greatest_of_all_pairs(seed: int, kind: str) -> None:
    draw = torch.Generator().manual_seed(seed)
    overlap = {
        "boxes": box_iou(faces(seed), ANCHORS),
        "ties": torch.randint(0, 4, (9, 14), generator=draw) / 4,
        "crowd": torch.rand(12, 7, generator=draw),  # more faces than anchors
    }[kind]
    before = overlap.clone()
    assert best_of_each(overlap).tolist() == greedy(overlap)
    assert torch.equal(overlap, before)


@pytest.mark.parametrize("number", [2, 5, 12])
def test_the_same_face_again_and_again_has_an_anchor_each(number: int) -> None:
    boxes = torch.tensor([[50.0, 50, 66, 66]]).repeat(number, 1)
    own = matched(ANCHORS, boxes)
    assert set(own[own >= 0].tolist()) == set(range(number))


def test_the_order_of_faces_names_their_anchors_and_changes_none() -> None:
    boxes = faces(3)[[0, 1, 3, 4, 6, 7, 9, 10]]  # all different
    order = torch.randperm(len(boxes), generator=torch.Generator().manual_seed(0))
    own, turned = matched(ANCHORS, boxes), matched(ANCHORS, boxes[order])
    assert torch.equal(own, torch.where(turned >= 0, order[turned.clamp(min=0)], turned))


@pytest.mark.parametrize("seed", range(10))
def test_faces_keep_their_anchors_among_ignored_ones(seed: int) -> None:
    boxes = faces(seed)
    ignored = torch.rand(len(boxes), generator=torch.Generator().manual_seed(seed)) < 0.5
    own = matched(ANCHORS, boxes, ignored)
    found = set(own[own >= 0].tolist())
    assert found == set((~ignored).nonzero()[:, 0].tolist())
    near = (box_iou(boxes[ignored], ANCHORS) >= NEGATIVE).any(0)
    assert not (own[near] == NO_FACE).any()


def test_no_faces_no_anchors_or_neither() -> None:
    none = torch.zeros(0, 4)
    assert (matched(ANCHORS, none) == NO_FACE).all()
    assert matched(none, faces(0)).shape == matched(none, none).shape == (0,)
    assert matched(ANCHORS, none).dtype == matched(none, none).dtype == torch.int64
    assert best_of_each(torch.zeros(0, 5)).shape == (0,)
    assert best_of_each(torch.zeros(3, 0)).tolist() == [-1, -1, -1]


@pytest.mark.parametrize(
    "box",
    [
        [20.0, 20, 20, 20],
        [20.0, 20, 20, 60],
        [900.0, 900, 950, 950],
        [60.0, 60, 20, 20],
        [float("nan"), 0, 9, 9],
    ],
    ids=["a point", "a line", "outside", "turned over", "no number"],
)
@pytest.mark.parametrize("ignored", [False, True])
def test_a_face_that_overlaps_with_nothing_has_no_anchor_and_harms_no_other(
    box: list[float], ignored: bool
) -> None:
    boxes = torch.tensor([box, [50.0, 50, 66, 66]])
    point = torch.tensor([[20.0, 20, 20, 20]])  # no area and no area: 0 / 0
    anchors = torch.cat([ANCHORS, point])
    own = matched(anchors, boxes, torch.tensor([ignored, False]))
    alone = matched(anchors, boxes[1:])
    assert torch.equal(own, torch.where(alone >= 0, alone + 1, alone))
