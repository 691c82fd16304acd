"""The Gram matrix of features: which channels are active together, wherever that is (Gatys et al. 2016, eq. 3)."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ..precision import full_precision, in_working_precision
from .difference import Reduction, check_reduction, difference_cost
from .masks import by_position
from .style_statistic import AdditiveStatistic, Sums

Normalisation = Literal["none", "hw", "chw", "paper"]

_BLOCK = 2**22  # elements that are multiplied at a time: of half-precision features, so many become float32


class _SummedProducts(torch.autograd.Function):
    """`F F^T` of features `F [B, C, N]`, in float32; nothing but the features waits for backward."""

    @staticmethod
    def forward(ctx: Any, features: Tensor) -> Tensor:
        ctx.save_for_backward(features)
        batch, channels, _ = features.shape
        step = max(1, _BLOCK // (batch * channels))
        products = in_working_precision(features.new_zeros(batch, channels, channels))
        with full_precision(features.device):
            for block in map(in_working_precision, torch.split(features, step, 2)):
                products.baddbmm_(block, block.mT)
        return products

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        (features,) = ctx.saved_tensors
        symmetric = upstream + upstream.mT
        # bfloat16 has the range of float32, so that rounding this factor costs no more than rounding the result does.
        operand = features if features.dtype == torch.bfloat16 else in_working_precision(features)
        symmetric = symmetric.to(operand.dtype)
        with full_precision(features.device):
            if operand.mT.is_contiguous():  # channels last: as they lie, since others take a slow kernel
                gradient = torch.bmm(operand.mT, symmetric).mT
            else:
                gradient = torch.bmm(symmetric, operand)
        return gradient.to(features.dtype)


def summed_products(features: Tensor) -> Tensor:
    """`sum_n f_n f_n^T` over the positions of `features [B, C, N]`: `[B, C, C]` in float32 (float64 of float64)."""
    products: Tensor = _SummedProducts.apply(features)
    return products


def gram_sums(features: Tensor, mask: Tensor | None = None) -> Sums:
    """`sum_n f_n f_n^T` and the number of positions of features `[B, C, *spatial]`.

    With a mask `t [B or 1, 1, *spatial]` they are `sum_n t_n^2 f_n f_n^T` and `sum_n t_n^2`, the guided Gram of
    Gatys et al. 2017 ("Controlling perceptual factors in neural style transfer", section 4).
    """
    flat, weights = by_position(features, mask)
    if weights is None:
        weight = in_working_precision(flat.new_ones(len(flat))) * flat.shape[2]
    else:
        weight = weights.square().sum((1, 2)).expand(len(flat))
        flat = flat * weights
    return Sums(summed_products(flat), weight)


def normalised(sums: Sums, normalisation: Normalisation) -> Tensor:
    """The Gram matrices `[B, C, C]` of `gram_sums`, divided by

    - `none`: 1 (Gatys et al. 2016, eq. 3);
    - `hw`: the number M of positions, or the mask's weight (the authors' own code; K. Crowson);
    - `chw`: `C M` (Johnson et al. 2016, eq. 3; `neural-style`; the PyTorch tutorial);
    - `paper`: `2 C M`, with which the sum of squared differences is E_l of Gatys et al. 2016, eq. 4.
    """
    channels = sums.values.shape[1]
    factor = {"none": 0, "hw": 1, "chw": channels, "paper": 2 * channels}[normalisation]
    return sums.values / (factor * sums.weight)[:, None, None] if factor else sums.values


def gram(features: Tensor, normalisation: Normalisation = "chw", mask: Tensor | None = None) -> Tensor:
    """The Gram matrices `[B, C, C]` of features `[B, C, *spatial]`, of a signal, an image or a volume.

    In float32 whatever the features' type (float64 stays), with autocast off. `normalisation` is a value of
    `normalised`; a mask `[B or 1, 1, *spatial]` in [0, 1] makes it the guided Gram of `gram_sums`.

    Raises:
        ValueError: features without a spatial dimension, or a mask of another size.
    """
    return normalised(gram_sums(features, mask), normalisation)


@dataclass(frozen=True)
class GramStatistic(AdditiveStatistic):
    """Style as Gram matrices; their difference is reduced as `difference.reduced` says."""

    normalisation: Normalisation = "chw"
    reduction: Reduction = "mean"

    def __post_init__(self) -> None:
        check_reduction(self.reduction)
        if self.normalisation not in get_args(Normalisation):
            known = ", ".join(get_args(Normalisation))
            raise ValueError(f"normalisation must be one of {known}, not {self.normalisation!r}")

    def sums(self, features: Tensor, mask: Tensor | None = None) -> Sums:
        """See `gram_sums`."""
        return gram_sums(features, mask)

    def description(self, sums: Sums) -> Tensor:
        """The Gram matrices `[B, C, C]`."""
        return normalised(sums, self.normalisation)

    def cost_of_sums(self, sums: Sums, described: Tensor) -> Tensor:
        """See `AdditiveStatistic`."""
        return difference_cost(self.description(sums), described, self.reduction)
