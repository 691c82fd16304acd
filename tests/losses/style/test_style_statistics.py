"""Statistics of style: their values by a second way, their gradients by finite differences, and their sums."""

import numpy as np
import pytest
import scipy.linalg
import torch
from torch import Tensor

from likeness.losses.style import (
    AdditiveStatistic,
    GaussianStatistic,
    GramStatistic,
    MeanStdStatistic,
    SlicedStatistic,
    StyleStatistic,
    mean_std,
)

ADDITIVE: list[AdditiveStatistic] = [
    GramStatistic("none", "sum"),
    GramStatistic("chw", "mean"),
    GramStatistic("paper", "half_sum"),
    GramStatistic("hw", "scaled"),
    MeanStdStatistic(),
    GaussianStatistic(),
]
SHAPES = [(2, 3, 11), (2, 3, 4, 5), (2, 3, 3, 2, 4)]


def features(shape: tuple[int, ...], seed: int) -> Tensor:
    maps = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return maps + 0.5 * torch.arange(shape[1]).reshape(-1, *[1] * (len(shape) - 2))


def mask_for(maps: Tensor) -> Tensor:
    shape = (len(maps), 1, *maps.shape[2:])
    return torch.rand(shape, generator=torch.Generator().manual_seed(9), dtype=torch.float64)


@pytest.mark.parametrize("shape", SHAPES)
def test_mean_and_deviation_are_the_population_s(shape: tuple[int, ...]) -> None:
    maps = features(shape, 0)
    mean, deviation = mean_std(maps, epsilon=0)
    torch.testing.assert_close(mean, maps.flatten(2).mean(2))
    torch.testing.assert_close(deviation, maps.flatten(2).std(2, correction=0))
    assert torch.autograd.gradcheck(mean_std, (maps.requires_grad_(),))


def test_a_mask_weighs_mean_and_deviation() -> None:
    maps = features((1, 3, 4, 5), 0)
    mask = mask_for(maps)
    mean, deviation = mean_std(maps, mask, epsilon=0)
    weights = mask.flatten().numpy()
    for channel in range(3):
        values = maps[0, channel].flatten().numpy()
        average = np.average(values, weights=weights)
        assert float(mean[0, channel]) == pytest.approx(average)
        variance = np.average((values - average) ** 2, weights=weights)
        assert float(deviation[0, channel]) == pytest.approx(variance**0.5)


def test_a_deviation_far_from_zero_keeps_its_digits() -> None:
    maps = (1000 + features((1, 2, 64, 64), 0)).float()
    _, deviation = mean_std(maps, epsilon=0)
    exact = maps.double().flatten(2).std(2, correction=0).float()
    torch.testing.assert_close(deviation, exact, rtol=1e-5, atol=0)


def test_a_constant_channel_has_a_finite_gradient() -> None:
    maps = torch.full((1, 2, 4, 4), 3.0, requires_grad=True)
    _, deviation = mean_std(maps)
    torch.testing.assert_close(deviation, torch.full((1, 2), 1e-5**0.5))
    (gradient,) = torch.autograd.grad(deviation.sum(), maps)
    assert gradient.isfinite().all()
    for statistic in ADDITIVE:
        other = statistic.describe(features((1, 2, 4, 4), 0).float())
        (gradient,) = torch.autograd.grad(statistic.cost(maps, other), maps)
        assert gradient.isfinite().all(), statistic


def test_mean_and_deviation_cost_their_mean_squared_errors() -> None:
    statistic = MeanStdStatistic()
    maps, style = features((2, 3, 4, 5), 0), features((1, 3, 6, 6), 1)
    pairs = zip(mean_std(maps), mean_std(style), strict=True)
    expected = sum((found - wanted).square().mean() for found, wanted in pairs)
    torch.testing.assert_close(statistic.cost(maps, statistic.describe(style)), expected)


def test_gaussians_cost_the_transport_between_them() -> None:
    statistic = GaussianStatistic()
    maps, style = features((1, 4, 5, 6), 0), 2 * features((1, 4, 7, 4), 1)
    moments = [
        (each.mean(1), np.cov(each, bias=True) + 1e-4 * np.eye(4))
        for each in (maps[0].flatten(1).numpy(), style[0].flatten(1).numpy())
    ]
    (mean, covariance), (other_mean, other) = moments
    root = scipy.linalg.sqrtm(other)
    between = covariance + other - 2 * scipy.linalg.sqrtm(root @ covariance @ root)
    expected = (((mean - other_mean) ** 2).sum() + np.trace(between)) / 4
    assert float(statistic.cost(maps, statistic.describe(style))) == pytest.approx(float(expected), rel=1e-9)


@pytest.mark.parametrize(
    "scale", [1.0, 1e4]
)  # with large features, what rounding leaves of zeros exceeds epsilon
def test_gaussians_with_fewer_positions_than_channels_have_a_finite_gradient(scale: float) -> None:
    statistic = GaussianStatistic()
    maps = (scale * features((1, 32, 3, 3), 0).relu()).float().requires_grad_()
    described = statistic.describe(scale * features((1, 32, 2, 2), 1).relu().float())
    cost = statistic.cost(maps, described)
    (gradient,) = torch.autograd.grad(cost, maps)
    assert cost.dtype == torch.float32
    assert gradient.isfinite().all()


@pytest.mark.parametrize("statistic", [MeanStdStatistic(), GaussianStatistic()], ids=str)
def test_a_mask_weighs_positions_as_if_they_were_repeated(statistic: AdditiveStatistic) -> None:
    maps, described = features((1, 3, 6), 0), statistic.describe(features((1, 3, 7), 1))
    mask = torch.tensor([1.0, 1.0, 0.5, 0.0, 0.5, 0.0])[None, None].double()
    repeated = maps[:, :, [0, 0, 1, 1, 2, 4]]
    torch.testing.assert_close(statistic.cost(maps, described, mask), statistic.cost(repeated, described))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("statistic", ADDITIVE, ids=str)
def test_gradients_are_those_of_finite_differences(
    statistic: AdditiveStatistic, shape: tuple[int, ...]
) -> None:
    maps = features(shape, 0)
    described = statistic.describe(features(shape, 1))
    mask = mask_for(maps)
    maps.requires_grad_()
    assert torch.autograd.gradcheck(lambda leaf: statistic.cost(leaf, described), (maps,))
    assert torch.autograd.gradcheck(lambda leaf: statistic.cost(leaf, described, mask), (maps,))


@pytest.mark.parametrize("statistic", [*ADDITIVE, SlicedStatistic()], ids=str)
def test_a_style_costs_nothing_against_itself_and_something_against_another(
    statistic: StyleStatistic,
) -> None:
    maps, other = features((1, 3, 6, 5), 0).float(), features((1, 3, 6, 5), 1).float()
    assert abs(float(statistic.cost(maps, statistic.describe(maps)))) < 1e-6
    cost = statistic.cost(maps, statistic.describe(other))
    assert float(cost) > 1e-4
    assert cost.dtype == torch.float32
    assert cost.shape == ()


@pytest.mark.parametrize("statistic", ADDITIVE, ids=str)
@pytest.mark.parametrize("masked", [False, True])
def test_parts_of_an_image_add_up_to_it(statistic: AdditiveStatistic, masked: bool) -> None:
    assert statistic.additive
    maps, style = features((2, 3, 9, 7), 0).requires_grad_(), features((1, 3, 5, 5), 1)
    mask = mask_for(maps) if masked else None
    described = statistic.describe(style)
    windows = [(slice(0, 4), slice(0, 3)), (slice(0, 4), slice(3, 7)), (slice(4, 9), slice(0, 7))]
    parts = [
        statistic.sums(maps[:, :, *window], None if mask is None else mask[:, :, *window])
        for window in windows
    ]
    whole = statistic.cost(maps, described, mask)
    found = statistic.cost_of_sums(parts[0] + parts[1] + parts[2], described)
    torch.testing.assert_close(found, whole)
    gradients = [torch.autograd.grad(cost, maps, retain_graph=True)[0] for cost in (found, whole)]
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("statistic", ADDITIVE, ids=str)
def test_masks_select_positions(statistic: AdditiveStatistic) -> None:
    maps, described = features((2, 3, 4, 6), 0), statistic.describe(features((2, 3, 5, 5), 1))
    torch.testing.assert_close(
        statistic.cost(maps, described, torch.ones(1, 1, 4, 6).double()), statistic.cost(maps, described)
    )
    mask = torch.zeros(1, 1, 4, 6).double()
    mask[..., :2, 1:5] = 1
    torch.testing.assert_close(
        statistic.cost(maps, described, mask), statistic.cost(maps[..., :2, 1:5], described)
    )


@pytest.mark.parametrize("statistic", ADDITIVE, ids=str)
def test_a_batch_costs_the_mean_of_its_images(statistic: AdditiveStatistic) -> None:
    maps, described = features((3, 3, 4, 5), 0), statistic.describe(features((1, 3, 5, 5), 1))
    alone = [statistic.cost(image[None], described) for image in maps]
    torch.testing.assert_close(statistic.cost(maps, described), torch.stack(alone).mean())


@pytest.mark.parametrize("statistic", ADDITIVE, ids=str)
def test_half_precision_features_cost_what_their_numbers_do(statistic: AdditiveStatistic) -> None:
    maps, style = features((1, 3, 8, 8), 0).bfloat16(), features((1, 3, 8, 8), 1).bfloat16()
    mask = mask_for(maps)
    for each in (None, mask, mask.float()):
        found = statistic.cost(maps, statistic.describe(style), each)
        exact = statistic.cost(maps.double(), statistic.describe(style.double()), each)
        assert found.dtype == torch.float32
        assert float(found) == pytest.approx(float(exact), rel=1e-4)
