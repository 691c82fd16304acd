"""Adaptive instance normalisation, against loops over channels."""

import pytest
import torch
from torch import Tensor

from likeness.models.stylizers import adain, blended_adain

SPATIAL = [(11,), (5, 7), (3, 4, 5)]


def features(*shape: int, seed: int = 0) -> Tensor:
    values = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return values * torch.arange(1, shape[1] + 1).view(-1, *(1,) * (len(shape) - 2)) + 3


def by_loops(content: Tensor, style: Tensor, eps: float) -> Tensor:
    result = torch.empty_like(content)
    for b in range(content.shape[0]):
        for c in range(content.shape[1]):
            x, y = content[b, c], style[b, c]
            deviation_x, deviation_y = ((z.var(unbiased=False) + eps) ** 0.5 for z in (x, y))
            result[b, c] = deviation_y * (x - x.mean()) / deviation_x + y.mean()
    return result


@pytest.mark.parametrize("spatial", SPATIAL)
def test_the_channels_have_exactly_the_style_s_statistics(spatial: tuple[int, ...]) -> None:
    content, style = features(2, 3, *spatial), features(2, 3, *(side + 2 for side in spatial), seed=1)
    styled = adain(content, style, eps=0).flatten(2)
    torch.testing.assert_close(styled.mean(2), style.flatten(2).mean(2), rtol=1e-12, atol=0)
    torch.testing.assert_close(
        styled.std(2, correction=0), style.flatten(2).std(2, correction=0), rtol=1e-12, atol=0
    )


@pytest.mark.parametrize("eps", [1e-5, 0.5])
@pytest.mark.parametrize("spatial", SPATIAL)
def test_it_is_the_paper_s_equation(spatial: tuple[int, ...], eps: float) -> None:
    content, style = features(2, 3, *spatial), features(2, 3, *spatial, seed=1)
    torch.testing.assert_close(
        adain(content, style, eps), by_loops(content, style, eps), rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("spatial", SPATIAL)
def test_gradients(spatial: tuple[int, ...]) -> None:
    content, style = (features(2, 2, *spatial, seed=seed).requires_grad_() for seed in (0, 1))
    assert torch.autograd.gradcheck(adain, (content, style))


def test_a_channel_that_is_constant_takes_the_style_s_mean_and_has_a_finite_gradient() -> None:
    content, style = torch.full((1, 2, 4, 4), 0.3), features(1, 2, 4, 4).float()
    style[:, 1] = 0
    content.requires_grad_()
    style.requires_grad_()
    styled = adain(content, style)
    torch.testing.assert_close(styled, style.mean((2, 3), keepdim=True).expand_as(styled))
    styled.square().sum().backward()
    assert content.grad is not None
    assert style.grad is not None
    assert content.grad.isfinite().all()
    assert style.grad.isfinite().all()


def test_one_style_serves_all_contents() -> None:
    content, style = features(3, 2, 4, 5), features(1, 2, 6, 2, seed=1)
    each = [adain(one[None], style) for one in content]
    torch.testing.assert_close(adain(content, style), torch.cat(each))


def test_statistics_are_float32_whatever_the_features_are() -> None:
    content, style = features(1, 3, 32, 32) + 100, features(1, 3, 32, 32, seed=1) + 100
    half_content, half_style = content.bfloat16(), style.bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        styled = adain(half_content, half_style)
    assert styled.dtype == torch.float32
    torch.testing.assert_close(
        styled, adain(half_content.double(), half_style.double()).float(), rtol=1e-5, atol=1e-3
    )


def test_styles_are_blended_by_their_weights() -> None:
    content, first, second = features(2, 3, 4, 4), features(2, 3, 4, 4, seed=1), features(2, 3, 5, 6, seed=2)
    expected = 0.4 * content + 0.6 * (0.25 * adain(content, first) + 0.75 * adain(content, second))
    torch.testing.assert_close(blended_adain(content, [first, second], [1, 3], 0.6), expected)
    both = (adain(content, first) + adain(content, second)) / 2
    torch.testing.assert_close(blended_adain(content, [first, second]), both)
    torch.testing.assert_close(blended_adain(content, [first], strength=0), content)
    torch.testing.assert_close(blended_adain(content, [first]), adain(content, first))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"strength": 1.5}, "from 0 to 1, but this one is 1.5"),
        ({"strength": float("nan")}, "from 0 to 1, but this one is nan"),
        ({"weights": [1.0]}, "There are 2 styles but 1 weights"),
        ({"weights": [2.0, -1.0]}, r"are \[2.0, -1.0\]; none may be negative"),
        ({"weights": [0.0, 0.0]}, "one must be positive"),
        ({"weights": [float("nan"), 1.0]}, "none may be negative"),
    ],
)
def test_a_blend_that_makes_no_sense_is_refused(words: dict[str, object], sentence: str) -> None:
    content = features(1, 3, 4, 4)
    with pytest.raises(ValueError, match=sentence):
        blended_adain(content, [content, content], **words)  # type: ignore[arg-type]


def test_features_of_two_layers_are_refused() -> None:
    with pytest.raises(ValueError, match="The content has 3 channels and the style 4"):
        adain(features(1, 3, 4, 4), features(1, 4, 4, 4))
