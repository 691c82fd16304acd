"""`sum_k w_k |x_ik - y_jk|` for all pairs at once, without a tensor of pairs times dimensions."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from likeness.models.similarity.blocks import row_blocks


def weighted_l1(x: Tensor, y: Tensor, weight: Tensor) -> Tensor:
    """The weighted absolute differences `[N, M]` of all pairs of `x [N, D]` and `y [M, D]`; `weight [D]` has any sign.

    `sum_k w_k |x_k - y_k|` is the L1 distance of the columns with w_k > 0, each times w_k, less that of the columns
    with w_k < 0, each times |w_k|: exact, and no more than `[N, M]` is held at once. The gradient takes one more pass
    of the same kind: with `S_ik = sum_j G_ij sign(x_ik - y_jk)` and `T_jk = -sum_i G_ij sign(x_ik - y_jk)`, of an
    upstream gradient G `[N, M]`, it is `w_k S_ik` by x, `w_k T_jk` by y, and, as |x - y| is homogeneous,
    `sum_i x_ik S_ik + sum_j y_jk T_jk` by w, which holds at w_k = 0 too.
    """
    result: Tensor = _WeightedL1.apply(x, y, weight)
    return result


def l1_terms(x: Tensor, y: Tensor) -> Tensor:
    """`|x - y|` of `[..., D]`."""
    return (x - y).abs()


class _WeightedL1(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, y, weight)
        more = weight > 0
        less = ~more  # and NaN, which is to be seen
        table = torch.cdist(x[:, more] * weight[more], y[:, more] * weight[more], p=1.0)
        if less.any():
            table -= torch.cdist(x[:, less] * weight[less], y[:, less] * weight[less], p=1.0)
        return table

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x, y, weight = ctx.saved_tensors
        by_x, by_y = _l1_gradients(x, y, upstream)
        return weight * by_x, weight * by_y, (x * by_x).sum(0) + (y * by_y).sum(0)


def _l1_gradients(x: Tensor, y: Tensor, upstream: Tensor) -> tuple[Tensor, Tensor]:
    """Those of `sum_ij upstream_ij |x_i - y_j|_1` by x `[N, D]` and by y `[M, D]`; a tie counts 0."""
    by_x, by_y = torch.empty_like(x), torch.zeros_like(y)
    # On a CPU no kernel holds pairs times dimensions; the one on a GPU does.
    for rows in row_blocks(x, y, on_cpu=None):
        above = upstream[rows].contiguous()
        table = torch.empty_like(above)  # p=1 needs no distance to know a gradient
        by_x[rows] = torch.ops.aten._cdist_backward(above, x[rows], y, 1.0, table)
        by_y += torch.ops.aten._cdist_backward(above.T.contiguous(), y, x[rows], 1.0, table.T.contiguous())
    return by_x, by_y
