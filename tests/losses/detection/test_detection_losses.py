"""Losses of detectors, against loops in float64 and against finite differences."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from likeness.losses.detection import (
    BACKGROUND,
    FACE,
    IGNORED,
    CentreLoss,
    centre_loss,
    drawn_balanced,
    hard_negatives,
    hardest_balanced,
    hardest_share,
    huber,
    logistic_loss,
    moved_centres,
    point_distances,
    smooth_l1,
)


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return 2 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("end", [1 / 9, 1.0, 2.5])
def test_boxes_cost_what_the_papers_write(end: float) -> None:
    predicted, wanted = drawn(20, 4), drawn(20, 4, seed=1)
    for i in range(20):
        smooth = hubers = 0.0
        for j in range(4):
            x = abs(float(predicted[i, j] - wanted[i, j]))
            smooth += x * x / (2 * end) if x < end else x - end / 2
            hubers += x * x / 2 if x < end else end * x - end * end / 2
        assert float(smooth_l1(predicted, wanted, beta=end)[i]) == pytest.approx(smooth, rel=1e-12)
        assert float(huber(predicted, wanted, delta=end)[i]) == pytest.approx(hubers, rel=1e-12)


def test_losses_of_boxes_and_anchors_have_the_gradients_of_finite_differences() -> None:
    wanted = drawn(6, 4, seed=1)
    shown = torch.tensor([FACE, BACKGROUND, IGNORED, FACE])
    odds = drawn(4).requires_grad_()
    boxes = drawn(6, 4).requires_grad_()
    labels = torch.tensor([0, 1, 1, 0, 1, 1])
    assert torch.autograd.gradcheck(lambda x: smooth_l1(x, wanted), (boxes,))
    assert torch.autograd.gradcheck(lambda x: huber(x, wanted), (boxes,))
    assert torch.autograd.gradcheck(lambda x: logistic_loss(x, shown), (odds,))
    assert torch.autograd.gradcheck(lambda x: centre_loss(x, labels, drawn(2, 4, seed=2)), (boxes,))


def test_losses_are_in_float32_whatever_they_are_given() -> None:
    low = drawn(3, 4).bfloat16()
    assert smooth_l1(low, low).dtype == huber(low, low).dtype == torch.float32
    assert logistic_loss(low, torch.ones(3, 4)).dtype == torch.float32
    with torch.autocast("cpu", torch.bfloat16):
        assert centre_loss(low, torch.zeros(3, dtype=torch.long), drawn(2, 4).float()).dtype == torch.float32


def test_the_logistic_loss_is_that_of_a_softmax_over_two_classes() -> None:
    logits = drawn(30, 2)
    shown = torch.arange(30) % 2
    loss = logistic_loss(logits[:, 1] - logits[:, 0], shown)
    torch.testing.assert_close(loss, functional.cross_entropy(logits, shown, reduction="none"))
    for z, y, value in zip(
        (logits[:, 1] - logits[:, 0]).tolist(), shown.tolist(), loss.tolist(), strict=True
    ):
        assert value == pytest.approx(math.log1p(math.exp(-z if y else z)))


def test_an_ignored_anchor_costs_nothing_even_where_its_score_is_no_number() -> None:
    odds = torch.tensor([1.0, math.nan, math.inf], requires_grad=True)
    loss = logistic_loss(odds, torch.tensor([FACE, IGNORED, IGNORED]))
    loss.sum().backward()
    assert loss[1:].tolist() == [0, 0]
    assert odds.grad is not None
    assert odds.grad[0] < 0
    assert odds.grad[1:].tolist() == [0, 0]


def test_the_centre_loss_is_the_mean_of_half_squares() -> None:
    features, centres, labels = drawn(9, 5), drawn(2, 5, seed=1), torch.arange(9) % 2
    total = 0.0
    for row, label in zip(features.tolist(), labels.tolist(), strict=True):
        total += sum((x - c) ** 2 for x, c in zip(row, centres[label].tolist(), strict=True)) / 2
    assert float(centre_loss(features, labels, centres)) == pytest.approx(total / 9, rel=1e-12)
    assert float(centre_loss(features[:0], labels[:0], centres)) == 0


def test_centres_move_by_equation_4() -> None:
    features, centres = drawn(7, 3), drawn(3, 3, seed=1)
    labels = torch.tensor([0, 0, 1, 0, 1, 1, 1])  # none of class 2
    moved = moved_centres(features, labels, centres, rate=0.3)
    for j in range(3):
        for d in range(3):
            members = [i for i in range(7) if labels[i] == j]
            pull = sum(float(centres[j, d] - features[i, d]) for i in members) / (1 + len(members))
            assert float(moved[j, d]) == pytest.approx(float(centres[j, d]) - 0.3 * pull, rel=1e-12)
    assert torch.equal(moved[2], centres[2])


def test_centres_come_to_lie_amid_their_class_and_are_kept_with_the_weights() -> None:
    loss = CentreLoss(2)
    features = torch.tensor([[4.0, 0.0], [6.0, 0.0], [0.0, -3.0]])
    labels = torch.tensor([1, 1, 0])
    before = float(loss(features, labels))
    for _ in range(60):
        loss(features, labels)
    torch.testing.assert_close(loss.centres, torch.tensor([[0.0, -3.0], [5.0, 0.0]]))
    assert float(loss.eval()(features, labels)) < before
    assert set(loss.state_dict()) == {"centres"}


@pytest.mark.parametrize(("number", "kept"), [(10, 7), (1, 1), (3, 3), (128, 90), (0, 0)])
def test_seventy_in_a_hundred_enter_and_get_gradients(number: int, kept: int) -> None:
    losses = drawn(number).requires_grad_()
    hard = hardest_share(losses)
    assert sorted(hard.tolist()) == sorted(losses.tolist())[number - kept :]
    hard.sum().backward()
    assert losses.grad is not None
    assert int(losses.grad.sum()) == kept
    with pytest.raises(ValueError, match="share=0"):
        hardest_share(losses, 0)


@pytest.mark.parametrize("ratio", [1.0, 3.0])
def test_negatives_enter_by_their_ratio_and_the_hardest_do(ratio: float) -> None:
    losses = drawn(40).abs()
    shown = torch.tensor([FACE] * 4 + [IGNORED] * 6 + [BACKGROUND] * 30)
    chosen = hard_negatives(losses, shown == FACE, shown == BACKGROUND, ratio=ratio)
    by_hand = sorted(range(10, 40), key=lambda i: -float(losses[i]))[: int(4 * ratio)]
    assert set(chosen.nonzero()[:, 0].tolist()) == {0, 1, 2, 3, *by_hand}


def test_negatives_of_an_image_without_faces_and_of_one_with_few() -> None:
    losses, nobody = torch.tensor([1.0, 3.0, 2.0]), torch.zeros(3, dtype=torch.bool)
    assert not hard_negatives(losses, nobody, ~nobody).any()
    assert hard_negatives(losses, nobody, ~nobody, least=2).tolist() == [False, True, True]
    assert hard_negatives(losses, nobody, nobody, least=2).tolist() == [False] * 3


def test_of_equal_losses_the_first_enter() -> None:
    positive = torch.tensor([True] + [False] * 9)
    chosen = hard_negatives(torch.ones(10), positive, ~positive)
    assert chosen.nonzero()[:, 0].tolist() == [0, 1, 2, 3]


def test_regions_enter_one_by_one() -> None:
    losses = torch.arange(20.0)
    positive = torch.arange(20) < 8
    chosen = hardest_balanced(losses, positive, ~positive, number=10)
    assert chosen.nonzero()[:, 0].tolist() == [3, 4, 5, 6, 7, 15, 16, 17, 18, 19]
    few = hardest_balanced(losses, torch.arange(20) == 2, ~positive, number=10)
    assert few.nonzero()[:, 0].tolist() == [2, 19]
    none = hardest_balanced(losses, torch.zeros(20, dtype=torch.bool), ~positive, number=10)
    assert none.nonzero()[:, 0].tolist() == [15, 16, 17, 18, 19]


def test_drawn_anchors_are_hard_half_of_each_kind_and_drawn_again_by_the_same_seed() -> None:
    shown = torch.tensor([FACE] * 50 + [BACKGROUND] * 50 + [IGNORED] * 50)
    losses = torch.where(torch.arange(150) % 5 == 0, 0.03, 1.0)  # every fifth is easy
    torch.manual_seed(3)
    chosen = drawn_balanced(losses, shown, number=40, above=0.03)
    torch.manual_seed(3)
    assert torch.equal(chosen, drawn_balanced(losses, shown, number=40, above=0.03))
    assert not torch.equal(chosen, drawn_balanced(losses, shown, number=40, above=0.03))
    assert (losses[chosen] == 1).all()
    assert [int(chosen[at : at + 50].sum()) for at in (0, 50, 100)] == [20, 20, 0]
    assert int(drawn_balanced(losses, shown, number=256, above=0.03).sum()) == 80


def test_points_cost_their_mean_distance_in_sizes_and_unknown_ones_nothing() -> None:
    predicted, wanted = drawn(6, 5, 2), drawn(6, 5, 2, seed=1)
    size = drawn(6, seed=2).abs() + 0.5
    wanted[0, 2] = wanted[1, 0, 1] = torch.nan  # half of a point is none
    wanted[2] = torch.nan
    costs = point_distances(predicted, wanted, size)
    for i in range(6):
        distances = [
            math.dist(predicted[i, j].tolist(), wanted[i, j].tolist())
            for j in range(5)
            if not bool(wanted[i, j].isnan().any())
        ]
        expected = sum(distances) / len(distances) / float(size[i]) if distances else 0
        assert float(costs[i]) == pytest.approx(expected, abs=1e-6)


def test_a_point_in_its_place_and_an_unknown_one_have_finite_gradients() -> None:
    wanted = drawn(3, 5, 2)
    wanted[0, 1] = torch.nan
    predicted = wanted.nan_to_num().requires_grad_()
    point_distances(predicted, wanted, torch.ones(3)).sum().backward()
    assert predicted.grad is not None
    assert float(predicted.grad.abs().max()) == 0
    moved = drawn(3, 5, 2, seed=4).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: point_distances(x, wanted, torch.ones(3)), (moved,))
    low = drawn(3, 5, 2).bfloat16()
    assert point_distances(low, low, torch.ones(3)).dtype == torch.float32
