"""Losses over pairs, against loops over the pairs of a batch."""

import math
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from likeness.losses import ContrastiveLoss, PairCrossEntropy, contrastive_loss, pair_cross_entropy

IDENTITY = torch.tensor([3, 1, 3, 3, 0, 1, 7])


def pairs() -> Iterator[tuple[int, int, bool]]:
    for i in range(len(IDENTITY)):
        for j in range(i + 1, len(IDENTITY)):
            yield i, j, bool(IDENTITY[i] == IDENTITY[j])


def log_odds(seed: int) -> Tensor:
    table = torch.randn(7, 7, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return (table + table.T).requires_grad_()


@pytest.mark.parametrize("share", [1.0, 0.5, 0.01])
def test_cross_entropy_is_the_mean_of_the_means_of_two_kinds(share: float) -> None:
    table = log_odds(0)
    same = [table[i, j] for i, j, kind in pairs() if kind]
    different = sorted((table[i, j] for i, j, kind in pairs() if not kind), key=lambda odds: -odds.item())
    hardest = different[: math.ceil(share * len(different))]
    one, zero = torch.ones(len(same)).double(), torch.zeros(len(hardest)).double()
    expected = (
        functional.binary_cross_entropy_with_logits(torch.stack(same), one)
        + functional.binary_cross_entropy_with_logits(torch.stack(hardest), zero)
    ) / 2
    terms = PairCrossEntropy(share)(table, IDENTITY)
    assert float(terms.loss) == pytest.approx(float(expected), rel=1e-12)
    gradients = [torch.autograd.grad(loss, table, retain_graph=True)[0] for loss in (terms.loss, expected)]
    torch.testing.assert_close(*gradients)
    assert float(terms.positives) == pytest.approx(len(same) / 21)
    right = [sum(float(odds) > 0 for odds in same) / 4, sum(float(odds) < 0 for odds in different) / 17]
    assert float(terms.accuracy) == pytest.approx(sum(right) / 2)
    probability = sum(1 / (1 + math.exp(-float(odds))) for odds in same) / 4
    assert float(terms.positive_probability) == pytest.approx(probability)


@pytest.mark.parametrize("share", [1.0, 0.3])
@pytest.mark.parametrize("margin", [0.5, 2.0])
def test_contrastive_is_hadsell_s(share: float, margin: float) -> None:
    embedding = torch.randn(7, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    embedding.requires_grad_()
    distance = {(i, j): (embedding[i] - embedding[j]).norm() for i, j, _ in pairs()}
    same = [distance[i, j] for i, j, kind in pairs() if kind]
    different = sorted((distance[i, j] for i, j, kind in pairs() if not kind), key=float)
    hardest = different[: math.ceil(share * len(different))]
    pulled = sum(each**2 for each in same) / len(same)
    pushed = sum((margin - each).clamp(min=0) ** 2 for each in hardest) / len(hardest)
    terms = ContrastiveLoss(margin, share)(embedding, IDENTITY)
    assert float(terms.loss) == pytest.approx(float(pulled + pushed) / 2, rel=1e-12)
    expected, found = (
        torch.autograd.grad(loss, embedding, retain_graph=True)[0]
        for loss in ((pulled + pushed) / 2, terms.loss)
    )
    torch.testing.assert_close(found, expected)
    assert float(terms.active) == pytest.approx(sum(float(each) < margin for each in different) / 17)
    assert float(terms.positive_distance) == pytest.approx(sum(map(float, same)) / 4)


def test_a_collapsed_encoding_has_a_finite_gradient() -> None:
    embedding = torch.ones(7, 3, requires_grad=True)
    terms = contrastive_loss(embedding, IDENTITY)
    terms.loss.backward()
    assert float(terms.loss) == pytest.approx(0.5)
    assert embedding.grad is not None
    assert embedding.grad.isfinite().all()


@pytest.mark.parametrize("identity", [torch.arange(7), torch.zeros(7, dtype=torch.int64)])
def test_a_kind_of_which_there_is_no_pair_counts_nothing(identity: Tensor) -> None:
    table = log_odds(2)
    sign = 1 if identity[1] else -1
    alone = functional.softplus(sign * table[torch.ones(7, 7, dtype=torch.bool).triu(1)]).mean() / 2
    assert float(pair_cross_entropy(table, identity).loss) == pytest.approx(float(alone))
    assert contrastive_loss(table.float(), identity).loss.isfinite()


def test_distances_are_float32_and_whole_under_autocast() -> None:
    base = torch.randn(1, 64, generator=torch.Generator().manual_seed(3)) * 10
    embedding = (
        base + 1e-3 * torch.randn(7, 64, generator=torch.Generator().manual_seed(4))
    ).requires_grad_()
    exact = contrastive_loss(embedding.detach().double(), IDENTITY)
    with torch.autocast("cpu", torch.bfloat16):
        terms = contrastive_loss(embedding, IDENTITY)
    assert terms.loss.dtype == torch.float32
    assert float(terms.positive_distance) == pytest.approx(float(exact.positive_distance), rel=1e-3)
