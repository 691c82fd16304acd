"""Costs of content and of total variation, against loops over elements and neighbours."""

import itertools

import pytest
import torch
from torch import Tensor

from likeness.losses.style import content_cost, mask_at, total_variation

SHAPES = [(2, 3, 6), (2, 3, 4, 5), (1, 2, 3, 2, 4)]


def random(shape: tuple[int, ...], seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("shape", SHAPES)
def test_content_is_reduced_as_the_word_says(shape: tuple[int, ...]) -> None:
    maps, target = random(shape), random(shape, 1)
    images = (maps - target).flatten(1)
    expected = {
        "sum": [each @ each for each in images],
        "half_sum": [each @ each / 2 for each in images],
        "mean": [each @ each / len(each) for each in images],
        "scaled": [each @ each / each.abs().sum() for each in images],
    }
    for word, costs in expected.items():
        torch.testing.assert_close(content_cost(maps, target, word), torch.stack(costs).mean())
        assert torch.autograd.gradcheck(
            lambda leaf, word=word: content_cost(leaf, target, word), (maps.requires_grad_(),)
        )


def test_the_scaled_gradient_has_an_absolute_sum_near_one() -> None:
    maps, target = random((1, 8, 20, 20)).requires_grad_(), random((1, 8, 20, 20), 1)
    (gradient,) = torch.autograd.grad(1000 * content_cost(maps, target, "scaled"), maps)
    assert 500 < float(gradient.abs().sum()) < 2000
    same = target.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(content_cost(same, target, "scaled"), same)
    assert gradient.isfinite().all()


def test_half_precision_content_is_compared_in_float32() -> None:
    maps, target = (1 + random((1, 4, 9, 9)) / 100).bfloat16(), torch.ones(1, 4, 9, 9).bfloat16()
    found = content_cost(maps, target)
    assert found.dtype == torch.float32
    assert float(found) == pytest.approx(float(content_cost(maps.double(), target.double())), rel=1e-6)


def test_content_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\[1, 3, 4, 4\] but their target \[1, 3, 4, 5\]"):
        content_cost(torch.ones(1, 3, 4, 4), torch.ones(1, 3, 4, 5))


def neighbours(image: Tensor) -> list[tuple[Tensor, Tensor]]:
    """All pairs of elements that are one step apart along one spatial dimension, in one image."""
    spatial = image.shape[1:]
    return [
        (image[(channel, *place)], image[(channel, *(at + (axis == dim) for dim, at in enumerate(place)))])
        for channel in range(image.shape[0])
        for place in itertools.product(*map(range, spatial))
        for axis in range(len(spatial))
        if place[axis] + 1 < spatial[axis]
    ]


@pytest.mark.parametrize("shape", SHAPES)
def test_total_variation_of_any_rank_sums_over_neighbours(shape: tuple[int, ...]) -> None:
    image = random(shape)
    squares = sum((a - b) ** 2 for one in image for a, b in neighbours(one)) / shape[0]
    torch.testing.assert_close(total_variation(image, "squared"), squares)
    torch.testing.assert_close(total_variation(image, "mean_squared"), squares / image[0].numel())
    absolute = sum((a - b).abs() for one in image for a, b in neighbours(one)) / shape[0]
    torch.testing.assert_close(total_variation(image, "absolute"), absolute)
    for word in ("squared", "mean_squared", "absolute"):
        assert torch.autograd.gradcheck(
            lambda leaf, word=word: total_variation(leaf, word), (image.requires_grad_(),)
        )


def test_nine_points_weigh_a_slope_alike_in_every_direction() -> None:
    height, width = torch.meshgrid(torch.arange(200.0), torch.arange(200.0), indexing="ij")
    slopes = [
        float(total_variation((height * a + width * b)[None, None], "nine_point"))
        for a, b in [(1.0, 0.0), (0.0, 1.0), (0.6, 0.8), (0.5**0.5, 0.5**0.5)]
    ]
    # 2/3 and twice 1/6 of a unit slope, but for the edges.
    assert slopes == pytest.approx([1.0] * 4, rel=0.02)


def test_nine_points_are_refused_out_of_the_plane() -> None:
    with pytest.raises(ValueError, match=r"needs an image \[B, C, H, W\], not \[1, 3, 8\]"):
        total_variation(torch.ones(1, 3, 8), "nine_point")


def test_a_mask_is_pooled_by_area() -> None:
    mask = torch.zeros(1, 1, 8, 6)
    mask[..., :4, :3] = 1
    assert torch.equal(mask_at(mask, (2, 2)), torch.tensor([[[[1.0, 0.0], [0.0, 0.0]]]]))
    torch.testing.assert_close(mask_at(mask, (4, 2)).sum(), torch.tensor(2.0))
    torch.testing.assert_close(mask_at(mask, (1, 1)).flatten(), torch.tensor([0.25]))
    assert mask_at(torch.ones(1, 1, 9), (4,)).shape == (1, 1, 4)
    assert mask_at(torch.ones(1, 1, 6, 6, 6), (3, 2, 3)).shape == (1, 1, 3, 2, 3)
