"""How a difference of two tensors becomes one number; half precision is computed in float32."""

from typing import Literal, get_args

import torch
from torch import Tensor

from ..precision import in_working_precision
from .style_statistic import Sums

Reduction = Literal["sum", "half_sum", "mean", "scaled"]


def check_reduction(reduction: str) -> None:
    """Raises ValueError with one sentence for an unknown value."""
    if reduction not in get_args(Reduction):
        raise ValueError(f"reduction must be one of {', '.join(get_args(Reduction))}, not {reduction!r}")


def difference_sums(first: Tensor, second: Tensor, reduction: Reduction) -> Sums:
    """What `reduced` needs of `first [B, ...]` and `second`, of the same shape or with a batch of 1."""
    difference = (in_working_precision(first) - in_working_precision(second)).flatten(1)
    values = [difference.square().sum(1)]
    if reduction == "scaled":
        values.append(difference.abs().sum(1))
    return Sums(torch.stack(values, 1), difference.new_full((len(difference),), difference.shape[1]))


def reduced(sums: Sums, reduction: Reduction) -> Tensor:
    """The cost of a difference `d`, 0-d, the mean over the batch.

    - `sum`: `sum d^2`;
    - `half_sum`: `1/2 sum d^2` (Gatys et al. 2016, eq. 1);
    - `mean`: `sum d^2 / n` over the n elements, the mean squared error;
    - `scaled`: `sum d^2 / (sum |d| + 1e-8)`, whose gradient has an absolute sum near 1 (K. Crowson's
      `style-transfer-pytorch` before it changed to `GaussianStatistic`).
    """
    squares = sums.values[:, 0]
    match reduction:
        case "sum":
            return squares.mean()
        case "half_sum":
            return squares.mean() / 2
        case "mean":
            return (squares / sums.weight).mean()
        case "scaled":
            return (squares / (sums.values[:, 1] + 1e-8)).mean()


def difference_cost(first: Tensor, second: Tensor, reduction: Reduction) -> Tensor:
    """The cost of the difference of `first [B, ...]` and `second`, of the same shape or with a batch of 1."""
    return reduced(difference_sums(first, second, reduction), reduction)
