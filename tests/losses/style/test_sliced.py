"""Sliced optimal transport, against sorting by NumPy and against an assignment solved exactly."""

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from likeness.losses.style import SlicedStatistic, sliced_wasserstein


def points(shape: tuple[int, ...], seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(
    ("first", "second"), [((7,), (7,)), ((4, 5), (5, 4)), ((4, 6), (3, 3)), ((2, 3, 4), (50,))]
)
def test_it_is_the_difference_of_quantiles_along_each_direction(
    first: tuple[int, ...], second: tuple[int, ...]
) -> None:
    maps, style = points((2, 3, *first), 0), points((2, 3, *second), 1)
    directions = torch.nn.functional.normalize(points((5, 3), 2), dim=1)
    count = maps[0, 0].numel()
    middles = (np.arange(count) + 0.5) / count
    found = sliced_wasserstein(maps, style, directions)
    for image in range(2):
        differences = []
        for direction in directions.numpy():
            line = np.sort(direction @ maps[image].flatten(1).numpy())
            wanted = np.quantile(direction @ style[image].flatten(1).numpy(), middles, method="hazen")
            differences.append((line - wanted) ** 2)
        assert float(found[image]) == pytest.approx(np.mean(differences), rel=1e-12)


def test_along_one_line_it_is_the_cheapest_assignment() -> None:
    maps, style = points((1, 1, 12), 0), points((1, 1, 12), 1)
    prices = (maps[0, 0, :, None] - style[0, 0]).square().numpy()
    rows, columns = linear_sum_assignment(prices)
    found = sliced_wasserstein(maps, style, torch.ones(1, 1, dtype=torch.float64))
    assert float(found) == pytest.approx(prices[rows, columns].mean())


@pytest.mark.parametrize("positions", [12, 30])
def test_gradient_is_that_of_finite_differences(positions: int) -> None:
    maps, style = points((2, 3, 3, 4), 0).requires_grad_(), points((1, 3, positions), 1)
    directions = torch.nn.functional.normalize(points((4, 3), 2), dim=1)
    assert torch.autograd.gradcheck(lambda leaf: sliced_wasserstein(leaf, style, directions), (maps,))


def test_directions_are_drawn_from_torch_s_generator() -> None:
    statistic = SlicedStatistic(directions=4)
    maps, described = points((1, 6, 5, 5), 0).float(), statistic.describe(points((1, 6, 4, 4), 1).float())
    costs = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        costs.append(float(statistic.cost(maps, described)))
    assert costs[0] == costs[1]
    assert costs[0] != costs[2]


def test_many_directions_agree_with_the_mean_over_the_sphere() -> None:
    # A cloud moved by a vector d costs |d|^2 / C on average, since a unit direction has <u, d>^2 = |d|^2 / C.
    maps = points((1, 5, 8, 8), 0)
    step = torch.tensor([1.0, -2.0, 0.5, 0.0, 1.0]).double()
    torch.manual_seed(0)
    statistic = SlicedStatistic(directions=4000)
    cost = statistic.cost(maps + step[:, None, None], statistic.describe(maps))
    assert float(cost) == pytest.approx(float(step.square().sum()) / 5, rel=0.05)


def test_half_precision_features_are_projected_in_float32() -> None:
    maps = points((1, 3, 6, 6), 0).bfloat16()
    style = points((1, 3, 6, 6), 1).bfloat16()
    directions = torch.nn.functional.normalize(points((4, 3), 2), dim=1)
    found = sliced_wasserstein(maps, style, directions.float())
    assert found.dtype == torch.float32
    assert float(found) == pytest.approx(
        float(sliced_wasserstein(maps.double(), style.double(), directions)), rel=1e-5
    )


def test_masks_and_no_directions_are_refused() -> None:
    statistic = SlicedStatistic()
    assert not statistic.additive
    maps, mask = points((1, 3, 4, 4), 0), torch.ones(1, 1, 4, 4)
    with pytest.raises(ValueError, match="takes no mask"):
        statistic.describe(maps, mask)
    with pytest.raises(ValueError, match="takes no mask"):
        statistic.cost(maps, statistic.describe(maps), mask)
    with pytest.raises(ValueError, match="directions must be at least 1, not 0"):
        SlicedStatistic(directions=0)
