"""Mean and standard deviation of each channel, as in AdaIN (Huang and Belongie 2017)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..precision import in_working_precision, sum_dtype
from .difference import difference_cost
from .masks import by_position
from .style_statistic import AdditiveStatistic, Sums


def moment_sums(features: Tensor, mask: Tensor | None = None) -> Sums:
    """`sum_n t_n f_n` and `sum_n t_n f_n^2` of features `[B, C, *spatial]` and a mask t (1 without): `[B, C, 2]`.

    The values are float64, taken from sums around the mean in float32: their difference `E f^2 - (E f)^2` keeps its
    digits, however far the mean is from 0.
    """
    flat, weights = by_position(in_working_precision(features), mask)
    shift = flat.detach().mean(2)
    centred = flat - shift[..., None]
    if weights is None:
        weight = flat.new_ones(len(flat)) * flat.shape[2]
        first, second = centred.sum(2), centred.square().sum(2)
    else:
        weight = weights.sum((1, 2)).expand(len(flat))
        first, second = (centred * weights).sum(2), (centred.square() * weights).sum(2)
    wide = sum_dtype(flat.device)
    first, second, shift, count = first.to(wide), second.to(wide), shift.to(wide), weight.to(wide)[:, None]
    return Sums(
        torch.stack([first + count * shift, second + 2 * shift * first + count * shift.square()], 2), weight
    )


def mean_std_of_sums(sums: Sums, epsilon: float = 1e-5) -> tuple[Tensor, Tensor]:
    """See `mean_std`."""
    mean, square = (sums.values / sums.weight[:, None, None]).unbind(2)
    deviation = ((square - mean.square()).clamp(min=0) + epsilon).sqrt()
    return mean.to(sums.weight.dtype), deviation.to(sums.weight.dtype)


def mean_std(features: Tensor, mask: Tensor | None = None, epsilon: float = 1e-5) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation over the positions of features `[B, C, *spatial]`, each `[B, C]`, in float32.

    The deviation is `sqrt(variance + epsilon)`, as in AdaIN, which is smooth where a channel is constant; the variance
    is the population's. A mask `[B or 1, 1, *spatial]` in [0, 1] weighs the positions.
    """
    return mean_std_of_sums(moment_sums(features, mask), epsilon)


@dataclass(frozen=True)
class MeanStdStatistic(AdditiveStatistic):
    """Style as mean and deviation of each channel; both cost their mean squared error.

    Huang and Belongie 2017, eq. 12, with the squares of their own code in place of norms.
    """

    def sums(self, features: Tensor, mask: Tensor | None = None) -> Sums:
        """See `moment_sums`."""
        return moment_sums(features, mask)

    def description(self, sums: Sums) -> Tensor:
        """`[B, C, 2]`: mean and standard deviation."""
        return torch.stack(mean_std_of_sums(sums), 2)

    def cost_of_sums(self, sums: Sums, described: Tensor) -> Tensor:
        """See `AdditiveStatistic`."""
        return 2 * difference_cost(self.description(sums), described, "mean")
