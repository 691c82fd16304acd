"""The learned similarity of pairs, against the tensor of all pairs and dimensions."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from likeness.models.similarity import (
    SimilarityHead,
    absolute_difference,
    chi_squared,
    weighted_chi_squared,
    weighted_l1,
)

Weighted = Callable[[Tensor, Tensor, Tensor], Tensor]


def naive_l1(x: Tensor, y: Tensor, weight: Tensor) -> Tensor:
    return ((x[:, None] - y).abs() * weight).sum(-1)


def naive_chi_squared(x: Tensor, y: Tensor, weight: Tensor) -> Tensor:
    total = x[:, None] + y
    return torch.where(total > 0, (x[:, None] - y) ** 2 / total, 0).matmul(weight)


KINDS: dict[str, tuple[Weighted, Weighted]] = {
    "absolute difference": (weighted_l1, naive_l1),
    "chi-squared": (weighted_chi_squared, naive_chi_squared),
}


def encodings(seed: int, rows: int = 7, others: int = 5, width: int = 6) -> tuple[Tensor, Tensor, Tensor]:
    """Not negative, with zeros in common, a row in both, and weights of both signs and 0."""
    draw = torch.Generator().manual_seed(seed)
    x, y = (torch.randn(n, width, generator=draw, dtype=torch.float64).clamp(min=0) for n in (rows, others))
    weight = torch.randn(width, generator=draw, dtype=torch.float64)
    weight[0] = 0
    x[0] = y[0]
    return x, y, weight


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("signs", ["both", "positive", "negative", "zero"])
def test_all_pairs_are_those_of_the_naive_tensor(kind: str, signs: str) -> None:
    ours, naive = KINDS[kind]
    x, y, weight = encodings(1)
    weight = {"both": weight, "positive": weight.abs(), "negative": -weight.abs(), "zero": 0 * weight}[signs]
    torch.testing.assert_close(ours(x, y, weight), naive(x, y, weight), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_those_of_finite_differences(kind: str) -> None:
    draw = torch.Generator().manual_seed(2)
    x, y = (torch.rand(n, 4, generator=draw, dtype=torch.float64).requires_grad_() for n in (5, 3))
    weight = torch.tensor([0.0, -1.5, 2.0, 0.3], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(KINDS[kind][0], (x, y, weight))


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_those_of_autograd_through_the_naive_tensor(kind: str) -> None:
    ours, naive = KINDS[kind]
    upstream = torch.randn(7, 7, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    x, _, weight = (each.requires_grad_() for each in encodings(3))
    inputs = (x, weight)
    found = torch.autograd.grad(ours(x + 0.1, x + 0.1, weight), inputs, upstream)
    expected = torch.autograd.grad(naive(x + 0.1, x + 0.1, weight), inputs, upstream)
    torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-11)


def test_nothing_over_nothing_is_nothing_with_a_finite_gradient() -> None:
    zeros = torch.zeros(3, 4, requires_grad=True)
    weight = torch.ones(4, requires_grad=True)
    table = weighted_chi_squared(zeros, zeros.detach(), weight)
    assert table.count_nonzero() == 0
    table.sum().backward()
    assert zeros.grad is not None
    assert weight.grad is not None
    assert zeros.grad.count_nonzero() == weight.grad.count_nonzero() == 0
    half = torch.tensor([[0.0, 0.5]], requires_grad=True)  # 0 against 1/4, where the slope is -3
    weighted_chi_squared(half, torch.full((1, 2), 0.25), torch.ones(2)).sum().backward()
    assert half.grad is not None
    assert half.grad[0, 0] == -3


class LargestTensor(TorchDispatchMode):
    """The number of elements of the largest tensor that any operation gives."""

    def __init__(self) -> None:
        super().__init__()
        self.elements = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        for one in result if isinstance(result, (tuple, list)) else [result]:
            if isinstance(one, Tensor):
                self.elements = max(self.elements, one.numel())
        return result


@pytest.mark.parametrize("kind", KINDS)
def test_no_tensor_of_pairs_times_dimensions_is_made(kind: str) -> None:
    ours, naive = KINDS[kind]
    x, y, weight = encodings(4, rows=400, others=300, width=64)
    inputs = [each.float().requires_grad_() for each in (x, y, weight)]
    with LargestTensor() as largest:
        ours(*inputs).sum().backward()
    assert largest.elements <= 2**20 < 400 * 300 * 64
    with LargestTensor() as largest:
        naive(*inputs).sum().backward()
    assert largest.elements == 400 * 300 * 64


@pytest.mark.parametrize("kind", KINDS)
def test_blocks_change_nothing(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, weight = (each.requires_grad_() for each in encodings(5))
    whole = KINDS[kind][0](x + 1, y + 1, weight)
    gradients = torch.autograd.grad(whole.square().sum(), (x, y, weight))
    for module in ("l1", "chi2"):
        blocks = f"likeness.models.similarity.{module}.row_blocks"
        monkeypatch.setattr(blocks, lambda x, y, on_cpu: [slice(0, 3), slice(3, 6), slice(6, 7)])
    split = KINDS[kind][0](x + 1, y + 1, weight)
    torch.testing.assert_close(split, whole)
    torch.testing.assert_close(torch.autograd.grad(split.square().sum(), (x, y, weight)), gradients)


@pytest.mark.parametrize("make", [absolute_difference, chi_squared])
def test_a_head_says_the_same_of_a_pair_as_of_all(make: Callable[[int], SimilarityHead]) -> None:
    head = make(6)
    torch.nn.init.normal_(head.weight, generator=torch.Generator().manual_seed(6))
    torch.nn.init.constant_(head.bias, 0.7)
    x, y, _ = (each.float() for each in encodings(6))
    table = head(x, y).detach()
    first, second = torch.cartesian_prod(torch.arange(7), torch.arange(5)).T
    torch.testing.assert_close(head.of_pairs(x[first], y[second]).detach(), table.flatten())
    assert float(table[0, 0]) == pytest.approx(0.7)  # a row and its copy: nothing but the bias
    torch.testing.assert_close(head(y, x).detach(), table.T)
    with torch.autocast("cpu", torch.bfloat16):
        assert head(x.bfloat16(), y.bfloat16()).dtype == torch.float32


@pytest.mark.parametrize("make", [absolute_difference, chi_squared])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_the_log_odds_of_a_first_batch_have_mean_0_and_deviation_1(
    make: Callable[[int], SimilarityHead], scale: float
) -> None:
    rows = scale * torch.rand(20, 16, generator=torch.Generator().manual_seed(7))
    head = make(16)
    order = head(rows, rows).detach().flatten().argsort(stable=True)
    head.standardise(rows)
    odds = head(rows, rows).detach()
    deviation, mean = torch.std_mean(odds[torch.ones(20, 20, dtype=torch.bool).triu(1)], correction=0)
    assert float(mean) == pytest.approx(0, abs=1e-4)
    assert float(deviation) == pytest.approx(1, abs=1e-4)
    assert odds.flatten()[order].diff().min() > -1e-4  # the order of the pairs is what it was


@pytest.mark.parametrize("rows", [torch.ones(5, 16), torch.rand(2, 16), torch.zeros(5, 16)])
def test_encodings_that_have_collapsed_leave_a_head_as_it_was(rows: Tensor) -> None:
    head = absolute_difference(16)
    before = [parameter.clone() for parameter in head.parameters()]
    head.standardise(rows)
    assert all(torch.equal(one, other) for one, other in zip(before, head.parameters(), strict=True))


def test_a_weight_that_is_not_a_number_is_seen() -> None:
    x, y, weight = encodings(8)
    weight[1] = torch.nan
    for ours, _ in KINDS.values():
        assert ours(x, y, weight).isnan().all()


@pytest.mark.parametrize("make", [absolute_difference, chi_squared])
def test_encodings_of_another_size_are_refused(make: Callable[[int], SimilarityHead]) -> None:
    head = make(6)
    for compare in (head, head.of_pairs):
        with pytest.raises(ValueError, match=r"the head takes embeddings \[N, 6\], but these are \[3, 5\]"):
            compare(torch.zeros(3, 6), torch.zeros(3, 5))


def test_signed_encodings_are_refused_by_chi_squared_alone() -> None:
    signed = torch.tensor([[0.5, -0.1]])
    head = chi_squared(2)
    for compare in (head, head.of_pairs):
        with pytest.raises(ValueError, match=r"-0\.1.* activation"):
            compare(signed, signed.abs())
    absolute_difference(2)(signed, signed.abs())


@pytest.mark.parametrize("make", [absolute_difference, chi_squared])
def test_a_repeated_head_gives_the_mean_log_odds_of_the_parts(make: Callable[[int], SimilarityHead]) -> None:
    x, y, weight = (part.float() for part in encodings(8, width=12))
    head = make(4)
    head.weight.data, head.bias.data = weight[:4].clone(), torch.tensor(0.7)
    parts = [head(a, b) for a, b in zip(x.split(4, dim=1), y.split(4, dim=1), strict=True)]
    torch.testing.assert_close(head.repeated(3)(x, y), torch.stack(parts).mean(0))
    assert head.weight.shape == (4,)
