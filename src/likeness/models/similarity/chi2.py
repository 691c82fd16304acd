"""`sum_k w_k (x_ik - y_jk)^2 / (x_ik + y_jk)` for all pairs, in blocks that fit a cache."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from likeness.models.similarity.blocks import row_blocks

_CACHED = 2**20  # numbers that fit a processor's cache: 4 MiB


def weighted_chi_squared(x: Tensor, y: Tensor, weight: Tensor) -> Tensor:
    """The weighted chi-squared differences `[N, M]` of all pairs of `x [N, D]` and `y [M, D]`, none of them negative.

    With the contrast `d = (x - y) / (x + y)`, 0 where both are 0, a term is `(x - y) d`. Of an upstream gradient G
    `[N, M]` the gradient by x is `w_k sum_j G_ij (2 d_ijk - d_ijk^2)`, by y `w_k sum_i G_ij (-2 d_ijk - d_ijk^2)`,
    finite everywhere; a term is homogeneous, so that by w it is the sum of x and y times those, less w.
    """
    result: Tensor = _WeightedChiSquared.apply(x, y, weight)
    return result


def chi_squared_terms(x: Tensor, y: Tensor) -> Tensor:
    """`(x - y)^2 / (x + y)` of `[..., D]` that are not negative, 0 where both are 0."""
    return (x - y) * _contrast(x, y)


class _WeightedChiSquared(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, y, weight)
        table = x.new_empty(len(x), len(y))
        for rows in row_blocks(x, y, on_cpu=_CACHED):
            table[rows] = chi_squared_terms(x[rows, None], y).matmul(weight)
        return table

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x, y, weight = ctx.saved_tensors
        by_x, by_y = torch.empty_like(x), torch.zeros_like(y)
        for rows in row_blocks(x, y, on_cpu=_CACHED):
            above = upstream[rows, :, None]
            contrast = _contrast(x[rows, None], y)
            linear = above * contrast
            square = contrast.mul_(linear)
            by_x[rows] = 2 * linear.sum(1) - square.sum(1)
            by_y -= 2 * linear.sum(0) + square.sum(0)
        return weight * by_x, weight * by_y, (x * by_x).sum(0) + (y * by_y).sum(0)


def _contrast(x: Tensor, y: Tensor) -> Tensor:
    """`(x - y) / (x + y)`, 0 where both are 0."""
    return (x - y).div_((x + y).clamp_(min=torch.finfo(x.dtype).tiny))
