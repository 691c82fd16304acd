"""Features as a cloud of points, compared by optimal transport along random directions.

Heitz et al. 2021, "A sliced Wasserstein loss for neural texture synthesis": on a line the best transport pairs the
points in order, so that sorting solves it.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ..precision import full_precision, in_working_precision
from .masks import by_position


def sliced_wasserstein(features: Tensor, other: Tensor, directions: Tensor) -> Tensor:
    """The squared 2-Wasserstein distance along each direction, their mean: `[B]`, in float32 (Heitz et al., eq. 5).

    Takes `features [B, C, *spatial]`, `other [B or 1, C, *spatial']` and unit vectors `directions [D, C]`. Where the
    numbers of positions differ, the quantiles of `other` are interpolated at those of `features`.
    """
    ordered, wanted = (_sorted_projections(points, directions) for points in (features, other))
    if wanted.shape[2] != ordered.shape[2]:
        wanted = functional.interpolate(wanted, ordered.shape[2], mode="linear", align_corners=False)
    return (ordered - wanted).square().mean((1, 2))


@dataclass(frozen=True)
class SlicedStatistic:
    """Style as the whole distribution of features, of which the image's own features are kept.

    Each evaluation draws `directions` new directions from torch's generator, by default as many as there are channels
    (as in the paper). The cost is therefore an estimate: use it with Adam, not with L-BFGS. It takes no mask, and it
    is no sum over positions.
    """

    directions: int | None = None
    additive = False

    def __post_init__(self) -> None:
        if self.directions is not None and self.directions < 1:
            raise ValueError(f"directions must be at least 1, not {self.directions}")

    def describe(self, features: Tensor, mask: Tensor | None = None) -> Tensor:
        """The features by position, `[B, C, N]`."""
        _refuse(mask)
        return by_position(features, None)[0]

    def cost(self, features: Tensor, described: Tensor, mask: Tensor | None = None) -> Tensor:
        """See `StyleStatistic` and `sliced_wasserstein`."""
        _refuse(mask)
        channels = features.shape[1]
        drawn = torch.randn(self.directions or channels, channels, device=features.device)
        drawn = drawn.to(torch.promote_types(features.dtype, torch.float32))
        return sliced_wasserstein(features, described, functional.normalize(drawn, dim=1)).mean()


def _sorted_projections(features: Tensor, directions: Tensor) -> Tensor:
    """`[B, D, N]`, ascending."""
    flat, _ = by_position(in_working_precision(features), None)
    with full_precision(flat.device):
        return (directions @ flat).sort(2).values


def _refuse(mask: Tensor | None) -> None:
    if mask is not None:
        raise ValueError(
            "sliced optimal transport takes no mask; use the Gram, Gaussian or mean-and-deviation statistic"
        )
