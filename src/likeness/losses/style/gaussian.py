"""Features as a normal distribution: mean and covariance, compared by optimal transport."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..precision import full_precision, in_working_precision, sum_dtype
from .gram import summed_products
from .masks import by_position
from .style_statistic import AdditiveStatistic, Sums

EPSILON = 1e-4  # added to the variances, as in style-transfer-pytorch: covariances of few positions have rank deficits


@dataclass(frozen=True)
class GaussianStatistic(AdditiveStatistic):
    """The squared 2-Wasserstein distance of two normal distributions, divided by the number C of channels:

    `(|m - m'|^2 + tr(S + S' - 2 (S'^1/2 S S'^1/2)^1/2)) / C` of means m and covariances S (V. Marron 2018, "Style
    transfer as optimal transport"; K. Crowson's `style-transfer-pytorch`, whose root is a Newton-Schulz iteration cut
    off at twelve steps where this one is exact).
    """

    def sums(self, features: Tensor, mask: Tensor | None = None) -> Sums:
        """`sum_n t_n f_n f_n^T` and, in the last column, `sum_n t_n f_n` for a mask t (1 without): `[B, C, C + 1]`."""
        flat, weights = by_position(features, mask)
        if weights is None:
            weight = in_working_precision(flat.new_ones(len(flat))) * flat.shape[2]
            totals, products = in_working_precision(flat).sum(2), summed_products(flat)
        else:
            weight = weights.sum((1, 2)).expand(len(flat))
            totals = (in_working_precision(flat) * weights).sum(2)
            products = summed_products(flat * weights.sqrt())
        return Sums(torch.cat([products, totals[..., None]], 2), weight)

    def description(self, sums: Sums) -> Tensor:
        """`[B, C, C + 1]` in float64: the root of the covariance and, in the last column, the mean."""
        mean, covariance = _mean_covariance(sums)
        values, vectors = torch.linalg.eigh(covariance)
        root = (vectors * values.clamp(min=0).sqrt()[:, None]) @ vectors.mT
        return torch.cat([root, mean[..., None]], 2)

    def cost_of_sums(self, sums: Sums, described: Tensor) -> Tensor:
        """See `AdditiveStatistic`."""
        mean, covariance = _mean_covariance(sums)
        root, other_mean = described[..., :-1], described[..., -1]
        with full_precision(mean.device):
            values = torch.linalg.eigvalsh(root @ covariance @ root)
        traces = covariance.diagonal(dim1=1, dim2=2).sum(1) + root.square().sum((1, 2))
        # Rounding may leave an eigenvalue of 0 a little below it; there the root has no slope.
        roots = values.clamp(min=torch.finfo(values.dtype).tiny).sqrt().sum(1)
        distance = (mean - other_mean).square().sum(1) + traces - 2 * roots
        return (distance / mean.shape[1]).mean().to(sums.weight.dtype)


def _mean_covariance(sums: Sums) -> tuple[Tensor, Tensor]:
    """Means `[B, C]` and covariances `[B, C, C]`, in float64: their eigenvalues span more than float32 resolves."""
    moments = sums.values.to(sum_dtype(sums.values.device)) / sums.weight[:, None, None]
    products, mean = moments[..., :-1], moments[..., -1]
    covariance = products - mean[:, :, None] * mean[:, None]
    return mean, covariance + EPSILON * torch.eye(mean.shape[1], dtype=mean.dtype, device=mean.device)
