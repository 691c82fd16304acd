"""The Gram matrix, against sums written out and against numerical gradients."""

import pytest
import torch
from torch import Tensor

from likeness.losses.style import GramStatistic, gram

SHAPES = [(2, 3, 7), (2, 3, 4, 5), (1, 4, 3, 2, 4)]  # a signal, an image, a volume


def features(shape: tuple[int, ...], seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def mask_for(maps: Tensor, seed: int = 1) -> Tensor:
    shape = (len(maps), 1, *maps.shape[2:])
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("word", ["none", "hw", "chw", "paper"])
def test_any_rank_equals_the_sum_of_products(shape: tuple[int, ...], word: str) -> None:
    maps = features(shape)
    flat = maps.reshape(shape[0], shape[1], -1)
    divisor = {"none": 1, "hw": flat.shape[2], "chw": flat[0].numel(), "paper": 2 * flat[0].numel()}[word]
    torch.testing.assert_close(gram(maps, word), torch.einsum("bin,bjn->bij", flat, flat) / divisor)


@pytest.mark.parametrize("shape", SHAPES)
def test_gradient_is_that_of_finite_differences(shape: tuple[int, ...]) -> None:
    maps = features(shape).requires_grad_()
    assert torch.autograd.gradcheck(gram, (maps,))
    weights = features((shape[0], shape[1], shape[1]), seed=2)  # an upstream gradient that is not symmetric
    assert torch.autograd.gradcheck(lambda leaf: (gram(leaf, "none") * weights).sum(), (maps,))
    assert torch.autograd.gradcheck(lambda leaf: gram(leaf, "hw", mask_for(maps)), (maps,))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_more_positions_than_are_multiplied_at_a_time(dtype: torch.dtype) -> None:
    maps = features((2, 32, 70_001), dtype=dtype)
    flat = maps.double()
    torch.testing.assert_close(gram(maps, "hw"), (flat @ flat.mT / 70_001).float(), rtol=1e-5, atol=1e-6)


def test_half_precision_gives_float32_from_the_same_numbers() -> None:
    for dtype, size in [(torch.bfloat16, 2**-8), (torch.float16, 2**-11)]:
        maps = features((1, 16, 20, 20), dtype=dtype).requires_grad_()
        exact = maps.detach().double().requires_grad_()
        found, expected = gram(maps, "hw"), gram(exact, "hw")
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, expected.float(), rtol=1e-5, atol=1e-6)
        upstream = features((1, 16, 16), seed=3)
        (found * upstream).sum().backward()
        (expected * upstream).sum().backward()
        assert maps.grad is not None
        assert exact.grad is not None
        assert maps.grad.dtype == dtype
        assert (maps.grad.double() - exact.grad).norm() < size * exact.grad.norm()


@pytest.mark.parametrize("setting", ["autocast", "medium"])
def test_the_surroundings_precision_changes_nothing(setting: str) -> None:
    maps = features((1, 64, 30, 30), dtype=torch.float32).requires_grad_()
    plain = gram(maps)
    (expected,) = torch.autograd.grad(plain.square().sum(), maps)
    before = torch.get_float32_matmul_precision()
    try:
        if setting == "medium":
            torch.set_float32_matmul_precision("medium")
        with torch.autocast("cpu", torch.bfloat16, enabled=setting == "autocast"):
            surrounded = gram(maps)
            (found,) = torch.autograd.grad(surrounded.square().sum(), maps)
    finally:
        torch.set_float32_matmul_precision(before)
    assert torch.equal(surrounded, plain)
    assert torch.equal(found, expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_only_the_features_wait_for_backward(dtype: torch.dtype) -> None:
    maps = features((1, 8, 30, 30), dtype=dtype).requires_grad_()
    saved: list[Tensor] = []

    def keep(tensor: Tensor) -> Tensor:
        saved.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        gram(maps, "hw")
    large = [tensor for tensor in saved if tensor.numel() >= maps.numel()]
    assert [tensor.data_ptr() for tensor in large] == [maps.data_ptr()]


def test_channels_last_gives_the_same_and_a_gradient_in_that_layout() -> None:
    maps = features((2, 8, 6, 5), dtype=torch.float32)
    results = []
    for layout in (torch.contiguous_format, torch.channels_last):
        leaf = maps.to(memory_format=layout).requires_grad_()
        (gradient,) = torch.autograd.grad(gram(leaf).square().sum(), leaf)
        assert gradient.is_contiguous(memory_format=layout)
        results.append(gradient)
    torch.testing.assert_close(*results)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_mask_of_ones_is_no_mask(shape: tuple[int, ...]) -> None:
    maps = features(shape)
    torch.testing.assert_close(gram(maps, mask=torch.ones_like(maps[:, :1])), gram(maps), rtol=1e-12, atol=0)


@pytest.mark.parametrize("word", ["none", "hw", "chw", "paper"])
def test_a_mask_of_zeros_and_ones_selects_positions(word: str) -> None:
    maps = features((2, 3, 4, 6))
    mask = torch.zeros(1, 1, 4, 6, dtype=torch.float64)
    mask[..., 1:3, 2:] = 1
    torch.testing.assert_close(gram(maps, word, mask), gram(maps[..., 1:3, 2:], word))


def test_a_soft_mask_weighs_by_its_square_and_leaves_constant_features_alone() -> None:
    maps = features((1, 3, 1, 1)).expand(1, 3, 4, 5)
    mask = mask_for(maps)
    torch.testing.assert_close(gram(maps, "hw", mask), gram(maps, "hw"))
    maps = features((1, 3, 4, 5))
    flat, weights = maps.flatten(2)[0], mask.flatten()
    expected = (
        sum(weights[n] ** 2 * torch.outer(flat[:, n], flat[:, n]) for n in range(20)) / (weights**2).sum()
    )
    torch.testing.assert_close(gram(maps, "hw", mask)[0], expected)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\[B, C, \*spatial\], not \[2, 3\]"):
        gram(torch.ones(2, 3))
    with pytest.raises(ValueError, match=r"a mask \[1, 1, 2, 2\] does not fit features \[2, 3, 4, 5\]"):
        gram(torch.ones(2, 3, 4, 5), mask=torch.ones(1, 1, 2, 2))
    with pytest.raises(ValueError, match="normalisation must be one of none, hw, chw, paper, not 'wh'"):
        GramStatistic(normalisation="wh")
    with pytest.raises(ValueError, match="reduction must be one of sum, half_sum, mean, scaled, not 'max'"):
        GramStatistic(reduction="max")
